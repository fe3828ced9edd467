"""The recipes that come with cnnbench."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.errors import RecipeError
from cnnbench.network.summary import summarize
from cnnbench.recipe.load import load_recipe

FOLDER = Path(__file__).parents[2] / "recipes"
SOURCES = {source.name: source for source in BUILTIN_SOURCES}
MNIST_CLASSES = tuple("0123456789")


PHOTOS = {"cats_vs_dogs", "flowers", "photos", "transfer", "weather"}
"""Those that wait for somebody's photos, given by --data."""


def load(name, photos=None):
    data = photos if name in PHOTOS else None
    if name == "signals":
        data = f"signals:{photos}/Toy"
    return load_recipe(FOLDER / f"{name}.toml", data=data, find_source=SOURCES.__getitem__)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of two classes, and beside them signals."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("cat", "dog"):
        (folder / name).mkdir()
        for number in range(20):
            pixels = np.full((8, 8, 3), number, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    for part in ("TRAIN", "TEST"):
        rows = [",".join([name, *map(str, range(64))]) for name in "ab" for _ in range(20)]
        (folder / f"Toy_{part}.csv").write_text("\n".join(rows))
    return folder


def names(recipe):
    return [variant.name for variant in recipe.variants]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_a_recipe_loads_and_says_what_it_is_about(path, photos):
    recipe = load(path.stem, photos)
    assert recipe.title.endswith("?") or " against " in recipe.title
    assert recipe.description
    assert len(recipe.variants) >= 2


def test_mnist_compares_the_published_networks():
    recipe = load("mnist")
    totals = {
        variant.name: summarize(
            variant.configuration.network_for((28, 28, 1), MNIST_CLASSES)
        ).parameters
        for variant in recipe.variants
    }
    assert totals == {"dense": 784 * 512 + 512 + 512 * 10 + 10, "convnet": 93_322}
    for variant in recipe.variants:
        training = variant.configuration.training
        assert (training.epochs, training.batch_size, training.optimizer) == (5, 64, "rmsprop")


def test_mnist_leaves_most_images_of_any_source_for_training():
    data = load("mnist").variants[0].configuration.data
    assert (data.train, data.validation, data.test) == (None, 0.1, None)


def test_downsampling_crosses_its_four_kinds_with_both_paddings():
    recipe = load("downsampling")
    kinds = [f"{a}-{b}" for a in ("max", "average", "stride", "none") for b in ("valid", "same")]
    assert (names(recipe), recipe.baseline) == (kinds, "max-valid")


def test_small_data_reads_in_the_order_of_the_method():
    assert names(load("small_data")) == [
        "over-fit",
        "dropout",
        "l2",
        "early_stopping",
        "batch_norm",
        "augmentation",
        "together",
    ]


def test_optimizers_compares_all_there_are_each_at_a_rate_that_is_written_out():
    from typing import get_args

    from cnnbench.recipe.training import Optimizer

    recipe = load("optimizers")
    assert names(recipe) == [*get_args(Optimizer)[:2], "nesterov", *get_args(Optimizer)[2:]]
    for variant in recipe.variants:
        training = variant.configuration.training
        looks_ahead = variant.name == "nesterov"
        assert training.optimizer == ("momentum" if looks_ahead else variant.name)
        assert training.nesterov == looks_ahead
        assert training.learning_rate


def test_augmentation_tries_every_kind_of_transform_alone():
    from cnnbench.data.spec import AugmentationSpec

    tried = {
        key
        for variant in load("augmentation").variants
        for key in variant.configuration.augmentation.model_dump(exclude_defaults=True)
    }
    assert set(AugmentationSpec.model_fields) - tried == {"copies", "crop", "fill_value"}


@pytest.mark.parametrize("name", sorted(PHOTOS))
def test_without_photos_one_sentence_says_what_is_missing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"does not exist; .*; give yours with --data PATH$"):
        load(name)


def test_cats_vs_dogs_climbs_the_published_ladder(photos):
    recipe = load("cats_vs_dogs", photos)
    assert names(recipe) == ["scratch", "augmentation", "features", "frozen", "fine-tuned"]
    scratch, augmentation, features, frozen, tuned = (x.configuration for x in recipe.variants)
    assert not scratch.augmentation.active
    assert frozen.augmentation == augmentation.augmentation.model_copy(update={"copies": 10})
    assert [x.transfer.base for x in (scratch, features, frozen, tuned)] == ["none", *["vgg16"] * 3]
    network = features.network_for((150, 150, 3), ("cat", "dog"))
    # Keras's count of VGG16 and a head of 4 x 4 x 512 values, 256 units and one.
    assert summarize(network).parameters == 14_714_688 + (8192 + 1) * 256 + 257


@pytest.mark.parametrize("name", ["batch_norm", "small_data"])
def test_short_trainings_with_batch_normalisation_follow_the_statistics_quickly(name):
    recipe = load(name)
    normalized = [
        variant.configuration.network.batch_norm_momentum
        for variant in recipe.variants
        if variant.configuration.network.batch_norm != "none"
    ]
    assert set(normalized) == {0.9}


def test_the_documentation_lists_every_recipe():
    text = (FOLDER.parent / "docs" / "recipes.md").read_text()
    assert all(f"`recipes/{path.name}`" in text for path in FOLDER.glob("*.toml"))
