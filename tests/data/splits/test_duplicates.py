"""What is said about images that occur more than once."""

from cnnbench.data.splits.duplicates import Fingerprinted, duplicate_notes


def image(pixels, class_name="cat", split="", name=""):
    return Fingerprinted(pixels, class_name, split, name or f"{pixels.decode()}.png")


def test_nothing_is_said_where_all_images_differ():
    assert duplicate_notes([image(b"1"), image(b"2", "dog")]) == ()


def test_an_image_in_two_classes_is_named_with_both():
    (note,) = duplicate_notes(
        [image(b"1", "cat", name="a"), image(b"1", "cat", name="b"), image(b"1", "dog", name="c")]
    )
    assert note.startswith("1 image occurs in more than one class, for example a (cat) and c (dog)")


def test_images_in_two_given_splits_are_counted():
    notes = duplicate_notes(
        [
            image(pixels, split=split, name=f"{split}/{pixels.decode()}")
            for pixels in (b"1", b"2")
            for split in ("train", "test")
        ]
    )
    assert len(notes) == 1
    assert notes[0].startswith(
        "2 images occur in more than one of the given splits, for example train/1 and test/1"
    )


def test_mere_copies_are_counted_without_their_originals():
    (note,) = duplicate_notes([image(b"1", name=name) for name in "abc"] + [image(b"2")])
    assert note.startswith("2 images occur as an exact copy of another, for example b of a")
