"""Reading a recipe's images: what turns out to be wrong once they are decoded."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnbench.errors import RecipeError
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.study import image_lines, plan_study, read_images
from cnnbench.recipe.load import load_recipe
from cnnbench.testing.numpy_backend import NumpyBackend

PLUGINS = load_plugins()
RECIPE = '[data]\nsource = "folder:photos"\nimage_size = [8, 8]\n{data}[network]\nfilters = [4]\n'


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Read the images of a recipe beside photos/, with these lines in [data]."""
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def read_text(data="", rest=""):
        (tmp_path / "study.toml").write_text(RECIPE.replace("{data}", data) + rest)
        return read_images(load_recipe("study.toml", find_source=PLUGINS.source), PLUGINS)

    return read_text


@pytest.fixture
def refused(read):
    def problems(*arguments):
        with pytest.raises(RecipeError) as caught:
            read(*arguments)
        return [str(problem) for problem in caught.value.problems]

    return problems


@pytest.fixture
def photos(tmp_path):
    """Make a class's photos of noise, and files that are none."""

    def make(folder, readable, unreadable=0):
        path = tmp_path / "photos" / folder
        path.mkdir(parents=True)
        rng = np.random.default_rng(list(folder.encode()))
        for number in range(readable):
            pixels = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(path / f"{number}.png")
        for number in range(unreadable):
            (path / f"bad{number}.png").write_bytes(b"x")

    return make


def test_amounts_are_checked_again_once_images_turn_out_unreadable(photos, refused):
    photos("a", 10, 10)
    photos("b", 10, 9)
    (problem,) = refused("train = 20\n")
    assert problem.startswith("study.toml:4: data.train: train asks for 20 images, but of 20 there")
    assert problem.endswith(
        '; 19 of 39 images can\'t be read: --set data.unreadable="error" names them'
    )


def test_a_mistake_of_all_variants_is_told_once_and_others_with_their_variants(photos, refused):
    photos("a", 10, 10)
    photos("b", 10, 10)
    variants = "".join(f'[[variant]]\nname = "{x}"\nnetwork.dropout = 0.{x}\n' for x in range(3))
    assert len(refused("train = 20\n", variants)) == 1
    few = '[[variant]]\nname = "few"\n[[variant]]\nname = "many"\ndata.train = 20\n'
    (problem,) = refused("", few)
    assert problem.startswith("study.toml:10: data.train: variant 'many': train asks for 20 images")


def test_a_class_that_can_not_be_read_is_an_error_only_where_it_is_chosen(photos, read, refused):
    photos("a", 0, 10)
    photos("b", 10)
    photos("c", 10)
    _, notes = read('classes = ["b", "c"]\n')
    assert notes[-1] == "Classes of which no image can be read: a."
    (problem,) = refused()
    assert problem.startswith("study.toml:2: data.source: class 'a' has no image, so there is none")
    assert "10 of 30 images can't be read" in problem


def test_what_decoding_finds_is_told_at_the_key_to_blame(photos, refused):
    photos("a", 10, 1)
    photos("b", 10)
    (problem,) = refused('unreadable = "error"\n')
    assert problem.startswith("study.toml:4: data.unreadable: 1 of 21 images can't be read: a/bad0")


def test_a_class_without_test_or_validation_images_is_noted(photos, read):
    photos("a", 30)
    photos("b", 1)
    _, notes = read()
    assert notes == (
        "The validation split holds no image of: b.",
        "The test split holds no image of: b.",
    )


def test_a_class_that_a_given_test_split_lacks_is_noted(photos, read):
    photos("train/a", 10)
    photos("train/b", 10)
    photos("test/a", 5)
    photos("test/b", 0, 5)
    _, notes = read()
    assert notes[-1] == "The test split holds no image of: b."
    _, notes = read("", "[evaluation]\nfolds = 4\n")
    assert not [note for note in notes if "holds no image" in note]


def test_the_plan_keeps_what_is_known_of_the_images(photos, read, tmp_path):
    photos("train/a", 10)
    photos("train/b", 12)
    photos("test/b", 5)
    (tmp_path / "photos" / "train" / "a" / "more.png_large").touch()
    known, _ = read()
    recipe = load_recipe("study.toml", find_source=PLUGINS.source)
    (images,) = plan_study(recipe, NumpyBackend(), "auto", known, tmp_path / "r").plan.images
    assert (images.classes, images.shape) == (("a", "b"), (8, 8, 3))
    assert images.counts == {"train": (10, 12), "test": (0, 5)}
    assert (images.bits, images.white, images.passed_over) == (8, 255, {".png_large": 1})
    assert image_lines(recipe, known) == (
        "27 images of 8x8x3 in 2 classes (train + test): a 10+0, b 12+5",
    )


def test_the_plan_keeps_the_seed(photos, read, tmp_path):
    photos("a", 10)
    photos("b", 10)
    known, _ = read("train = 10\n")
    text = "seed = 7\n" + RECIPE.format(data="train = 10\n")
    (tmp_path / "study.toml").write_text(text)
    recipe = load_recipe("study.toml", find_source=PLUGINS.source)
    study = plan_study(recipe, NumpyBackend(), "auto", known, tmp_path / "results")
    assert study.plan.seed == 7
    assert {trial.seed for trial in study.trials} == {7}


def bursts(photos, each=4):
    """Rename the images of two classes, so that three of them in a row are a scene."""
    for name in "ab":
        photos(name, 3 * each)
        folder = Path("photos") / name
        for number in range(3 * each):
            (folder / f"{number}.png").rename(folder / f"{name}{number // 3}_{number % 3}.png")


GROUPS = 'groups = "{group}_{number}.png"\n'


def test_groups_are_counted_and_splits_that_they_make_larger_are_noted(read, photos):
    bursts(photos)
    known, notes = read(GROUPS)
    recipe = load_recipe("study.toml", find_source=PLUGINS.source)
    assert image_lines(recipe, known) == (
        "24 images of 8x8x3 in 2 classes and 8 groups: a 12, b 12",
    )
    assert notes == (
        "Groups of images stay whole, so that splits hold 12 images for train (asked for: 14).",
    )


def test_too_few_groups_are_an_error_at_their_key(refused, photos):
    bursts(photos, each=2)
    (problem,) = refused(GROUPS, "[evaluation]\nfolds = 5\n")
    assert problem.startswith("study.toml:4: data.groups: evaluation.folds = 5, but there are only")
    (problem,) = refused('groups = "{grup}_*"\n')
    assert problem.startswith("study.toml:4: data.groups: a pattern can't hold {grup}")


def test_a_table_of_groups_lies_relative_to_the_recipe(read, photos, tmp_path, monkeypatch):
    bursts(photos)
    rows = [f"{x}{scene}_{n}.png,{x}{scene}" for x in "ab" for scene in range(4) for n in range(3)]
    Path("groups.csv").write_text("\n".join(["path,group", *rows]))
    known, _ = read('groups = "groups.csv"\n')
    ((_, request),) = known
    assert request.groups == str(tmp_path / "groups.csv")
    by_name, _ = read(GROUPS)
    assert next(iter(known.values())).digest == next(iter(by_name.values())).digest
    plain, _ = read('groups = ""\n')
    assert next(iter(plain.values())).digest != next(iter(known.values())).digest
