"""Which folders are classes and which are splits, what is left out, and folders without a study."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

from .conftest import facts, load, refused, save


def test_a_folder_is_a_class(photos):
    data = load(photos)
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 0, 1, 1, 1]
    assert data.images.shape == (5, 4, 6, 3)
    assert dict(data.fixed) == {}
    assert data.notes == ()
    with Image.open(photos / "dog" / "1.png") as image:
        np.testing.assert_array_equal(data.images[2], np.asarray(image))


def test_facts_agree_with_what_is_loaded(photos):
    known = facts(photos)
    assert known.shape == (4, 6, 3)
    assert known.classes == ("cat", "dog")
    assert known.count == {"all": 5}
    assert known.class_count == {"all": (2, 3)}
    assert facts(photos, image_size=(9, 8), color="grey").shape == (9, 8, 1)


def test_numbered_classes_are_in_the_order_of_numbers(tmp_path):
    for number in (10, 9, 1):
        save(tmp_path / str(number) / "a.png")
    assert load(tmp_path).classes == ("1", "9", "10")


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Validation"])
def test_splits_above_the_classes_are_kept(tmp_path, validation):
    for name in ("train/a/1", "train/a/2", "train/b/3", f"{validation}/b/4", "test/a/5"):
        save(tmp_path / f"{name}.png")
    data = load(tmp_path)
    assert data.classes == ("a", "b")
    assert data.labels.tolist() == [0, 0, 1, 1, 0]
    assert {split: rows.tolist() for split, rows in data.fixed.items()} == {
        "train": [0, 1, 2],
        "validation": [3],
        "test": [4],
    }
    assert facts(tmp_path).class_count == {"train": (2, 1), "validation": (0, 1), "test": (1, 0)}


def test_a_class_may_be_called_train(tmp_path):
    for name in ("train", "bus"):
        save(tmp_path / name / "1.png")
    assert load(tmp_path).classes == ("bus", "train")


def test_folders_inside_a_class_belong_to_it(photos):
    save(photos / "cat" / "kittens" / "more" / "9.png")
    assert facts(photos).class_count == {"all": (3, 3)}


def test_other_files_and_hidden_ones_are_passed_over(photos):
    (photos / "cat" / "notes.txt").write_text("x")
    (photos / "cat" / "Thumbs.db").write_text("x")
    (photos / "cat" / "._1.png").write_text("x")
    (photos / ".git").mkdir()
    save(photos / "cat" / ".hidden" / "1.png")
    data = load(photos)
    assert (len(data.labels), data.notes) == (5, ())


def test_extensions_are_read_in_either_case(photos):
    save(photos / "cat" / "IMG_1.JPG")
    assert facts(photos).count == {"all": 6}


def test_what_is_left_out_is_noted(photos):
    (photos / "emu").mkdir()
    save(photos / "loose.png")
    assert load(photos).notes == (
        "Class folders without images are left out: emu.",
        "Images outside class folders are left out: loose.png.",
    )


def test_unlabelled_test_images_are_noted_and_leave_the_test_split_open(tmp_path):
    for name in ("train/a/1", "train/b/2", "test/3", "extra/a/4"):
        save(tmp_path / f"{name}.png")
    data = load(tmp_path)
    assert set(data.fixed) == {"train"}
    assert data.notes == (
        "Images outside class folders are left out: 3.png.",
        "Folders beside the splits are left out: extra.",
        "test holds no images in class folders: a test split is drawn instead.",
    )


def test_an_empty_split_is_noted_and_drawn_instead(tmp_path):
    for name in ("train/a/1", "train/b/2", "test/a/3", "test/b/4"):
        save(tmp_path / f"{name}.png")
    for name in ("val/a", "val/b"):
        (tmp_path / name).mkdir(parents=True)
    data = load(tmp_path)
    assert set(data.fixed) == {"train", "test"}
    (note,) = data.notes
    assert note == "val holds no images in class folders: a validation split is drawn instead."


@pytest.mark.parametrize(
    ("tops", "words"),
    [
        (("training_set", "test_set"), "(test_set, training_set)"),
        (("seg_train", "seg_pred"), "(seg_train)"),
        (("val", "test"), "(test, val)"),
    ],
)
def test_splits_under_other_names_are_not_taken_for_classes(tmp_path, tops, words):
    for top in tops:
        for name in ("cats", "dogs"):
            save(tmp_path / top / name / "1.png")
    for ask in (facts, load):
        with pytest.raises(DataError) as error:
            ask(tmp_path)
        assert f"look like splits {words}, not classes; name them train, val and test" in str(
            error.value
        )


def test_classes_that_hold_the_same_folders_are_noted(tmp_path):
    for name in ("cat", "dog"):
        for place in ("indoors", "outdoors"):
            save(tmp_path / name / place / "1.png")
    data = load(tmp_path)
    assert data.classes == ("cat", "dog")
    (note,) = data.notes
    assert note.startswith("The classes cat, dog hold the same folders (indoors, outdoors): if th")


def test_an_accented_name_is_one_class_however_it_is_stored(tmp_path):
    save(tmp_path / "train" / "Ka\u0308tzchen" / "1.png")
    save(tmp_path / "test" / "K\u00e4tzchen" / "2.png")
    save(tmp_path / "train" / "Hund" / "3.png")
    assert facts(tmp_path).classes == ("Hund", "K\u00e4tzchen")
    assert load(tmp_path).labels.tolist() == [0, 1, 1]


def test_a_file_name_that_is_not_utf8_is_escaped_where_it_is_named(photos):
    whole = (photos / "cat" / "1.png").read_bytes()
    for name, content in ((b"bad\xff.jpg", b"x"), (b"copy\xfe.png", whole)):
        with open(os.path.join(os.fsencode(photos / "cat"), name), "wb") as file:  # noqa: PTH118, PTH123 - bytes
            file.write(content)
    unreadable, copies = load(photos).notes
    assert "cat/bad\\xff.jpg (not an image" in unreadable
    assert "cat/copy\\xfe.png of cat/1.png" in copies
    Folder().fingerprint(Request(str(photos)))


def test_a_class_whose_name_is_not_utf8_is_refused(photos):
    os.rename(photos / "dog", os.path.join(os.fsencode(photos), b"cl\xff"))  # noqa: PTH104, PTH118 - bytes
    message = str(refused(photos))
    assert message.endswith(f"{photos}/cl\\xff is not UTF-8: rename it")


def test_images_of_formats_that_are_not_read_are_counted(photos):
    for number in range(3):
        (photos / "cat" / f"{number}.HEIC").write_bytes(b"x")
    (photos / "dog" / "raw.cr2").write_bytes(b"x")
    (photos / "dog" / "._raw.cr2").write_bytes(b"x")
    words = "4 files are of formats that cnnbench does not read (.heic 3, .cr2 1): convert to"
    (note,) = load(photos).notes
    assert note == f"{words} JPEG or PNG."
    for path in photos.glob("*/*.png"):
        path.unlink()
    assert f"has no images in cat, dog; {words}" in str(refused(photos))


def test_a_missing_folder(tmp_path):
    error = refused(tmp_path / "no")
    assert f"{tmp_path}/no does not exist; expected is a folder for each class" in str(error)
    assert error.key == "source"


def test_an_empty_folder(tmp_path):
    assert "holds no images; expected is a folder for each class" in str(refused(tmp_path))


def test_a_file_in_place_of_a_folder(photos):
    assert "is a file, not a folder" in str(refused(photos / "cat" / "1.png"))


def test_images_without_class_folders(photos):
    assert "but no class folders" in str(refused(photos / "cat"))


def test_the_folder_above_is_answered_with_the_one_that_was_meant(photos):
    assert f"did you mean '{photos}'?" in str(refused(photos.parent))


def test_one_class(photos):
    shutil.rmtree(photos / "cat")
    assert "images of one class only, 'dog'" in str(refused(photos))


def test_a_changed_folder_has_another_fingerprint(photos):
    def fingerprint():
        return Folder().fingerprint(Request(str(photos)))

    seen = [fingerprint()]
    assert fingerprint() == seen[0]
    save(photos / "cat" / "new.png")
    seen.append(fingerprint())
    (photos / "cat" / "new.png").rename(photos / "dog" / "new.png")
    seen.append(fingerprint())
    os.utime(photos / "dog" / "new.png", ns=(0, 0))
    seen.append(fingerprint())
    (photos / "dog" / "new.png").unlink()
    assert len(set(seen)) == 4
    assert fingerprint() == seen[0]


def test_a_new_text_file_changes_nothing(photos):
    before = Folder().fingerprint(Request(str(photos)))
    (photos / "cat" / "notes.txt").write_text("x")
    assert Folder().fingerprint(Request(str(photos))) == before
