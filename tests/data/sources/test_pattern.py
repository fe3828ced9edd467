"""Images whose class stands in their names."""

import pytest
from PIL import Image

from cnnbench.data.sources.pattern import Pattern
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError


@pytest.fixture
def photos(tmp_path):
    def save(*names):
        for index, name in enumerate(names):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (4, 3), index).save(tmp_path / name)
        return tmp_path

    return save


def classes(folder, pattern):
    """{brightness, the number of the image: class}."""
    data = Pattern().load(Request(f"{folder}/{pattern}", color="grey"))
    pairs = zip(data.images[:, 0, 0, 0].tolist(), data.labels.tolist(), strict=True)
    return {brightness: data.classes[label] for brightness, label in pairs}


def refused(folder, pattern):
    with pytest.raises(DataError) as error:
        Pattern().facts(Request(f"{folder}/{pattern}"))
    return str(error.value)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("train/{class}.{number}.jpg", ["train/cat.0.jpg", "train/dog.12.jpg"]),
        ("{class}_{number}*", ["great_cat_1.png", "dog_20.b.jpg"]),
        ("{class}{number}.*", ["cat7.png", "dog7.png"]),
        ("*/{class}-*.png", ["1/cat-a.png", "2/dog-b.png"]),
        ("**/{class}.png", ["1/2/cat.png", "dog.png/dog.png"]),
        ("a[1]/{class}?.png", ["a[1]/cat1.png", "a[1]/dog2.png"]),
    ],
)
def test_the_class_is_what_stands_in_its_place(photos, pattern, names):
    found = classes(photos(*names), pattern)
    assert {name.removeprefix("great_") for name in found.values()} == {"cat", "dog"}
    assert set(found) == {0, 1}


def test_the_split_may_stand_in_the_name_too(photos):
    folder = photos("train/cat.1.png", "train/dog.2.png", "val/cat.3.png", "test/dog.4.png")
    data = Pattern().load(Request(f"{folder}/{{split}}/{{class}}.{{number}}.png", color="grey"))
    assert {split: rows.tolist() for split, rows in data.fixed.items()} == {
        "train": [0, 1],
        "validation": [2],
        "test": [3],
    }


def test_images_of_other_names_stay_out_with_a_note(photos):
    folder = photos("cat.1.png", "dog.2.png", "extra.png", "deeper/cat.3.png", "notes.txt.png")
    data = Pattern().load(Request(f"{folder}/{{class}}.{{number}}.png"))
    assert len(data.images) == 2
    assert "2 have others than the pattern and stay out: extra.png, notes.txt.png." in data.notes


def test_renaming_an_image_to_another_class_is_other_data(photos):
    folder = photos("cat.1.png", "dog.2.png", "dog.3.png")
    request = Request(f"{folder}/{{class}}.{{number}}.png")
    before = Pattern().fingerprint(request)
    (folder / "dog.3.png").rename(folder / "cat.3.png")
    assert Pattern().fingerprint(request) != before


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{number}.png", "must hold {class} once"),
        ("{class}/{class}.png", "must hold {class} once"),
        ("{clas}.png", "did you mean '{class}'?"),
        ("{class}_{number}.png", "no image has a name like"),
        ("{class}_{number}.png", "; there are cat.1.png, dog.2.png"),
        ("nowhere/{class}.png", "there is no folder"),
        ("{class}.1.png", "finds images of one class only, 'cat'"),
        ("sub/{split}/{class}.*.png", "names the split 'odd'; expected are train, validation"),
    ],
)
def test_a_pattern_that_can_not_be_meant_is_refused(photos, pattern, said):
    folder = photos("cat.1.png", "dog.2.png", "sub/odd/cat.1.png")
    assert said in refused(folder, pattern)
