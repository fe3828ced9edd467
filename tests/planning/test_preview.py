"""A look at a recipe's images: what training would see, found without it."""

import shutil

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.cache import open_images
from cnnbench.data.streams import random_order
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.preview import EPOCHS, SAMPLES, SHOWN, preview
from cnnbench.planning.study import read_images
from cnnbench.recipe.load import load_recipe
from cnnbench.training.images import prepare_images
from cnnbench.trials.expand import expand

PLUGINS = load_plugins()
RECIPE = """
seed = 3
[data]
source = "{source}"
image_size = [8, 10]
color = "{color}"
normalization = "none"
validation = 4
{data}
[network]
filters = [4]
[evaluation]
{evaluation}
[[variant]]
name = "plain"
[[variant]]
name = "turned"
augmentation = {{ rotation = 0.1, flip = "horizontal", contrast = 0.2 }}
[[variant]]
name = "turned, deeper"
network.filters = [4, 8]
augmentation = {{ rotation = 0.1, flip = "horizontal", contrast = 0.2 }}
[[variant]]
name = "cut"
augmentation.crop = [6, 6]
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load the recipe with these lines, its photos beside it."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def load(source="folder:photos", color="rgb", data="", evaluation="folds = 0"):
        text = RECIPE.format(source=source, color=color, data=data, evaluation=evaluation)
        (tmp_path / "study.toml").write_text(text)
        return load_recipe("study.toml", find_source=PLUGINS.source)

    return load


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for name, count in {"cat": 14, "dog": 10, "emu": 7}.items():
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (8, 10, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return tmp_path / "photos"


def trained(recipe, variant, rows, epoch):
    """The pixels of these rows in an epoch of the variant's first trial."""
    known, _ = read_images(recipe, PLUGINS)
    trials = expand(recipe, "any", "cpu", known).trials
    trial = next(x for x in trials if x.variant == variant and x.replicate == 0)
    cached = open_images(PLUGINS.source(trial.source), trial.request)
    images = prepare_images(trial, cached)
    received = np.concatenate([batch.images for batch in images.training().epoch(epoch)])
    order = random_order(trial.seed_for("order"), epoch, len(images.split.train))
    places = [images.split.train[order].tolist().index(row) for row in rows]
    return received[places]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"color": "grey"},
        {"evaluation": "folds = 3"},
        {"data": 'classes = ["emu", "cat"]'},
    ],
    ids=str,
)
def test_draws_are_the_pixels_that_training_receives(load, photos, given):
    recipe = load(**given)
    draws = preview(recipe, PLUGINS).draws
    assert [each.variants for each in draws] == [("turned", "turned, deeper"), ("cut",)]
    for each in draws:
        assert each.drawn.shape[:2] == (EPOCHS, SHOWN)
        for epoch in range(EPOCHS):
            expected = trained(recipe, each.variants[-1], each.rows, epoch)
            np.testing.assert_array_equal(each.drawn[epoch], expected)


def test_draws_differ_from_their_originals_and_from_each_other(load, photos):
    turned, cut = preview(load(), PLUGINS).draws
    assert (turned.drawn != turned.originals).any(axis=(2, 3, 4)).all()
    assert (turned.drawn[0] != turned.drawn[1]).any(axis=(1, 2, 3)).all()
    assert cut.drawn.shape[2:] == (6, 6, 3)
    assert turned.settings == "flip horizontal, rotation 0.1, contrast 0.2"
    assert cut.settings == "crop [6, 6]"


def test_the_images_drawn_are_of_as_many_classes_as_there_are(load, photos):
    turned, _ = preview(load(), PLUGINS).draws
    labels = [0] * 14 + [1] * 10 + [2] * 7
    assert {labels[row] for row in turned.rows} == {0, 1, 2}
    assert len({*turned.rows.tolist()}) == SHOWN


def test_classes_have_their_counts_and_samples_from_first_to_last(load, photos):
    (sampled,) = preview(load(), PLUGINS).sampled
    assert [(x.name, x.counts) for x in sampled.classes] == [
        ("cat", (14,)),
        ("dog", (10,)),
        ("emu", (7,)),
    ]
    assert [len(x.images) for x in sampled.classes] == [SAMPLES, SAMPLES, 7]
    for place, file in ((0, "00.png"), (-1, "13.png")):
        pixels = np.asarray(Image.open(photos / "cat" / file))
        np.testing.assert_array_equal(sampled.classes[0].images[place], pixels)


def test_classes_of_given_splits_have_a_count_for_each(load, photos, tmp_path):
    photos.rename(tmp_path / "all")
    for split, files in (("train", slice(0, 6)), ("test", slice(6, 7))):
        for name in ("cat", "dog", "emu"):
            target = tmp_path / "photos" / split / name
            target.mkdir(parents=True)
            for path in sorted((tmp_path / "all" / name).iterdir())[files]:
                shutil.copy(path, target)
    (sampled,) = preview(load(), PLUGINS).sampled
    assert sampled.splits == ("train", "test")
    assert [x.counts for x in sampled.classes] == [(6, 1)] * 3


def test_chosen_classes_stand_alone_in_their_order(load, photos):
    (sampled,) = preview(load(data='classes = ["emu", "cat"]'), PLUGINS).sampled
    assert [(x.name, x.counts) for x in sampled.classes] == [("emu", (7,)), ("cat", (14,))]


def test_suspicious_files_are_told(load, photos):
    shutil.copy(photos / "cat" / "03.png", photos / "dog" / "same.png")
    (photos / "emu" / "broken.png").write_bytes(b"no image")
    Image.new("RGB", (100, 80)).save(photos / "emu" / "vast.png")
    notes = "\n".join(preview(load(), PLUGINS).notes)
    assert "1 image occurs in more than one class, for example cat/03.png" in notes
    assert "1 of 34 images can't be read and are skipped: emu/broken.png" in notes
    assert "more than 10 times larger or smaller than the median, in pixels: emu/vast.png" in notes


def test_a_clean_folder_has_no_notes(load, photos):
    assert preview(load(), PLUGINS).notes == ()
