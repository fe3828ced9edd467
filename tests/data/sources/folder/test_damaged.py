"""Files that can't be read, and images that are there twice."""

import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from .conftest import load, refused, save


def chunk(kind, content):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png_claiming(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def damaged(photos):
    whole = (photos / "cat" / "1.png").read_bytes()
    (photos / "cat" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photos / "cat" / "empty.jpg").write_bytes(b"")
    (photos / "cat" / "garbage.jpg").write_bytes(b"no image" * 50)
    (photos / "dog" / "bomb.png").write_bytes(png_claiming(90_000, 90_000))
    (photos / "dog" / "smaller-bomb.png").write_bytes(png_claiming(10_000, 10_000))
    (photos / "dog" / "script.jpg").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
    )
    (photos / "dog" / "link.png").symlink_to("nowhere.png")
    return photos


def test_unreadable_images_are_skipped_counted_and_named(damaged):
    data = load(damaged)
    assert data.labels.tolist() == [0, 0, 1, 1, 1]
    (note,) = data.notes
    assert note.startswith("7 of 12 images can't be read and are skipped: cat/cut.png (")
    for name in ("empty.jpg", "garbage.jpg", "bomb.png", "smaller-bomb.png", "script.jpg", "link"):
        assert name in note


def test_the_images_that_remain_are_those_of_a_clean_folder(damaged):
    images = load(damaged).images
    for path in damaged.glob("*/*"):
        if path.stem not in {"1", "2", "3"}:
            path.unlink()
    np.testing.assert_array_equal(images, load(damaged).images)


def test_unreadable_images_are_an_error_if_asked_which_names_them(damaged):
    error = refused(damaged, unreadable="error")
    assert error.key == "unreadable"
    assert str(error).startswith("7 of 12 images can't be read: cat/cut.png (")
    for name in ("empty.jpg", "garbage.jpg", "bomb.png", "smaller-bomb.png", "script.jpg", "link"):
        assert name in str(error)
    assert str(error).endswith('remove the files, or give --set data.unreadable="skip"')


def test_a_bomb_is_refused_before_its_pixels_are_decoded(damaged, monkeypatch):
    from PIL import PngImagePlugin

    decoded = []
    original = PngImagePlugin.PngImageFile.load

    def watched(image):
        decoded.append(image.size)
        return original(image)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", watched)
    load(damaged, image_size=(4, 6))
    assert decoded
    assert max(width * height for width, height in decoded) == 24


def test_many_unreadable_images_are_counted_beyond_the_first_ten(photos):
    for number in range(30):
        (photos / "dog" / f"bad{number:02}.jpg").write_bytes(b"x")
    (note,) = load(photos).notes
    assert note.startswith("30 of 35 images can't be read")
    assert note.endswith("and 20 more.")


def test_a_class_of_unreadable_images_is_noted_and_empty(photos):
    for path in (photos / "cat").iterdir():
        path.write_bytes(b"x")
    data = load(photos)
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [1, 1, 1]
    assert data.notes[-1] == "Classes of which no image can be read: cat."


def test_a_given_split_of_unreadable_images_is_an_error(tmp_path):
    for name in ("train/a/1", "train/b/2", "test/a/3", "test/b/4"):
        save(tmp_path / f"{name}.png")
    for path in (tmp_path / "test").glob("*/*"):
        path.write_bytes(b"x")
    assert str(refused(tmp_path)).startswith(
        "none of the 2 images of the given test split can be read: test/a/3.png (not an image"
    )


def test_a_folder_of_unreadable_images_is_an_error(photos):
    for path in photos.glob("*/*"):
        path.write_bytes(b"x")
    assert "none of 5 images can be read" in str(refused(photos))
    assert "none of the 5 images can be read" in str(refused(photos, image_size=(4, 4)))


def test_the_same_image_in_two_classes_is_reported(photos):
    shutil.copy(photos / "cat" / "1.png", photos / "dog" / "copy.png")
    (note,) = load(photos).notes
    assert "more than one class, for example cat/1.png (cat) and dog/copy.png (dog)" in note


def test_the_same_pixels_in_another_format_are_the_same_image(photos):
    with Image.open(photos / "cat" / "1.png") as image:
        image.save(photos / "cat" / "copy.bmp")
    (note,) = load(photos).notes
    assert "cat/copy.bmp of cat/1.png" in note


def test_the_same_image_in_two_given_splits_is_reported(tmp_path):
    for name in ("train/a/1", "train/b/2", "test/a/3", "test/b/4"):
        save(tmp_path / f"{name}.png")
    shutil.copy(tmp_path / "train/a/1.png", tmp_path / "test/a/5.png")
    (note,) = load(tmp_path).notes
    assert "more than one of the given splits, for example train/a/1.png and test/a/5.png" in note
