"""Photos that show nearly the same: real ones, moved a little, among others that are not."""

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from cnnbench.data.sources import _perceptual
from cnnbench.data.sources.alike import apart, sets_of
from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request

SIDE = 64
WINDOWS = [(y, x) for y in range(10, 290, 135) for x in range(10, 500, 155)]


@pytest.fixture(scope="module")
def scenes():
    """Windows of 130 x 130 pixels of scikit-learn's two photos that do not overlap."""
    return [
        photo[y : y + 130, x : x + 130] for photo in load_sample_images().images for y, x in WINDOWS
    ]


def shot(scene, *, down=0, right=0, light=0):
    """The scene as another photo of a burst may have it: moved by pixels, lighter or darker."""
    window = scene[5 + down : 125 + down, 5 + right : 125 + right].astype(int) + light
    small = cv2.resize(window.clip(0, 255).astype(np.uint8), (SIDE, SIDE))
    return np.asarray(small)


@pytest.fixture
def alike_photos(tmp_path):
    """What is found in images, all rows of them or some."""

    def alike_photos(images, rows=None):
        np.save(tmp_path / "images.npy", np.ascontiguousarray(images))
        rows = np.arange(len(images)) if rows is None else np.array(rows)
        return _perceptual.alike_photos(tmp_path / "images.npy", rows)

    return alike_photos


def as_pairs(pairs):
    return {tuple(pair) for pair in pairs.tolist()}


def test_photos_of_different_things_make_no_pair(scenes, alike_photos):
    detailed = [shot(scene) for scene in scenes if scene.std() > 20]
    assert len(detailed) > 20
    assert as_pairs(alike_photos(np.stack(detailed))) == set()


def test_another_photo_of_the_scene_is_found_beside_it(scenes, alike_photos):
    detailed = [scene for scene in scenes if scene.std() > 40][:12]
    images = [shot(scene) for scene in detailed]
    images += [shot(scene, down=1, right=-1, light=12) for scene in detailed]
    expected = {(row, row + 12) for row in range(12)}
    assert as_pairs(alike_photos(np.stack(images))) == expected


def test_pairs_are_the_same_however_many_images_are_looked_at_at_a_time(
    scenes, monkeypatch, alike_photos
):
    images = np.stack([shot(x, down=y) for x in scenes[:8] for y in (0, 1)])
    whole = alike_photos(images).tolist()
    assert whole
    monkeypatch.setattr(_perceptual, "BLOCK", 3)
    assert alike_photos(images).tolist() == whole


def test_the_nearest_pair_comes_first(scenes, alike_photos):
    scene = scenes[1]
    images = np.stack([shot(scene), shot(scene, down=2, right=2), shot(scene, light=3)])
    assert alike_photos(images).tolist()[0] == [0, 2]


def test_images_without_contrast_are_no_pair(alike_photos):
    plain = [np.full((SIDE, SIDE, 3), (value, 0, 200 - value), np.uint8) for value in (90, 91)]
    assert as_pairs(alike_photos(np.stack(plain))) == set()


def test_only_rows_that_are_asked_for_are_compared(scenes, alike_photos):
    images = np.stack([shot(scenes[1], light=light) for light in (0, 0, 3, 6)])
    found = alike_photos(images, [0, 2, 3])
    assert as_pairs(found) == {(0, 2), (2, 3), (0, 3)}


def test_many_that_resemble_each_other_are_all_joined_by_few_pairs(scenes, alike_photos):
    images = np.stack([shot(x, light=light) for light in range(40) for x in scenes[1:3]])
    found = alike_photos(images)
    assert len(found) <= 80 * _perceptual.EACH
    assert sorted(sets_of(found)) == [list(range(0, 80, 2)), list(range(1, 80, 2))]


def test_the_hash_is_that_of_the_cosine_transform(scenes):
    small = np.stack([cv2.resize(shot(scene), (32, 32)) for scene in scenes[:5]])
    signs = _perceptual._signs(small)
    for image, found in zip(small, signs, strict=True):
        grey = image @ np.array([0.299, 0.587, 0.114], np.float32)
        lowest = cv2.dct(grey)[:8, :8].ravel()
        assert (found == np.where(lowest > np.median(lowest), 1, -1)).mean() > 0.98  # by rounding


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda x: x, True),
        (lambda x: np.broadcast_to(x.mean(axis=3, keepdims=True), x.shape).astype(np.uint8), False),
        (lambda x: x[..., :1], False),
        (lambda x: x[:, ::3, ::3], False),
        (lambda x: x[:1], False),
    ],
    ids=["photos", "without colour", "one channel", "small", "one"],
)
def test_photos_are_in_colour_and_not_too_small(scenes, change, expected, alike_photos):
    images = change(np.stack([shot(scene) for scene in scenes]))
    assert (alike_photos(images) is not None) is expected


def test_sets_are_joined_by_pairs_and_come_in_their_order():
    pairs = np.array([[5, 6], [1, 2], [2, 9], [6, 7], [9, 1]])
    assert sets_of(pairs) == [[5, 6, 7], [1, 2, 9]]
    assert sets_of(np.array([[1, 2], [3, 4], [2, 3]])) == [[1, 2, 3, 4]]
    assert sets_of(np.empty((0, 2), np.int64)) == []


def test_pairs_of_one_group_are_kept_together_and_count_no_more():
    pairs = np.array([[0, 1], [1, 2]])
    assert apart(pairs, None).tolist() == pairs.tolist()
    assert apart(pairs, np.array([4, 4, 5])).tolist() == [[1, 2]]


@pytest.fixture
def photos(tmp_path, monkeypatch, scenes):
    """Two classes of photos, the first of each taken twice."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    for number, name in enumerate(("left", "right")):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for scene in range(4):
            Image.fromarray(shot(scenes[10 * number + scene])).save(folder / f"{scene}_0.png")
        again = shot(scenes[10 * number], right=1, light=5)
        Image.fromarray(again).save(folder / "0_1.png")
    return tmp_path / "photos"


def test_they_are_noted_once_found_and_found_once(photos, monkeypatch):
    request = Request(str(photos), (SIDE, SIDE))
    first = open_images(Folder(), request)
    (note,) = first.notes
    assert note.startswith("4 images look almost like another (nearest: ")
    sets = [[first.names[row] for row in rows] for rows in sets_of(first.alike)]
    assert sorted(sets) == [
        ["left/0_0.png", "left/0_1.png"],
        ["right/0_0.png", "right/0_1.png"],
    ]
    monkeypatch.setattr(_perceptual, "alike_photos", lambda *_: pytest.fail("looked again"))
    assert open_images(Folder(), request).notes == first.notes


def test_those_that_groups_keep_together_are_not_noted(photos):
    request = Request(str(photos), (SIDE, SIDE), groups="{group}/{group}_{number}.png")
    opened = open_images(Folder(), request)
    assert opened.notes == ()
    assert len(opened.alike) == 0
