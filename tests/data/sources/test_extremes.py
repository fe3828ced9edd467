"""Images whose sizes stand out."""

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources._extremes import size_notes
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request

USUAL = [(f"{number}.png", (100, 100)) for number in range(9)]


def test_images_of_usual_sizes_are_not_noted():
    assert size_notes(USUAL, (64, 64)) == ()
    assert size_notes([], (64, 64)) == ()


@pytest.mark.parametrize("side", [50, 51])
def test_twice_as_large_is_allowed(side):
    assert size_notes([("a", (side, 100)), ("b", (100, side))], (100, 100)) == ()


def test_an_image_that_is_enlarged_more_than_twice_is_named():
    notes = size_notes([*USUAL, ("small.png", (49, 60))], (100, 120))
    assert notes == (
        "1 of 10 images is enlarged more than 2 times to become [100, 120]: small.png ([49, 60]).",
    )


def test_an_image_that_is_stretched_more_than_twice_in_one_direction_is_named():
    notes = size_notes([*USUAL, ("tall.png", (201, 100)), ("wide.png", (100, 300))], (50, 50))
    (note,) = notes
    assert note == (
        "2 of 11 images are stretched more than 2 times in one direction to become [50, 50]: "
        "wide.png ([100, 300]), tall.png ([201, 100])."
    )


def test_images_far_from_the_median_are_counted_and_the_most_extreme_named():
    odd = [(f"odd{number}.png", (400 + number, 400)) for number in range(4)]
    (note,) = size_notes([*USUAL, *odd], (50, 50))
    assert note == (
        "4 of 13 images are more than 10 times larger or smaller than the median, in pixels: "
        "odd3.png ([403, 400]), odd2.png ([402, 400]), odd1.png ([401, 400]) and 1 more."
    )


@pytest.fixture
def photos(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.fromarray(np.full((20, 20, 3), number, np.uint8)).save(
                tmp_path / name / f"{number}.png"
            )
    return tmp_path


def test_a_folder_is_looked_through_but_for_what_cannot_be_read(photos):
    (photos / "cat" / "broken.jpg").write_bytes(b"no image")
    Image.new("RGB", (9, 20)).save(photos / "dog" / "narrow.png")
    notes = Folder().oddities(Request(str(photos), (20, 20)))
    assert [note.partition(":")[2] for note in notes] == [" dog/narrow.png ([20, 9])."] * 2
    assert all(note.startswith("1 of 7 images is") for note in notes)


def test_a_photo_that_lies_on_its_side_counts_as_it_is_looked_at(photos):
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (60, 20)).save(photos / "dog" / "turned.jpg", exif=turned)
    (note,) = Folder().oddities(Request(str(photos), (20, 20)))
    assert "turned.jpg ([60, 20])" in note


def test_nothing_is_said_where_all_images_must_have_one_size(photos):
    assert Folder().oddities(Request(str(photos))) == ()
