"""Folders that are laid out otherwise than their owner thinks: refused or noted, never misread."""

import os
import shlex
import shutil
import subprocess
import zlib

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.pattern import Pattern
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError


def save(root, *names):
    """Photos of noise that differ from one another, below a folder."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        Image.fromarray(rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)).save(root / name)


def load(folder):
    return Folder().load(Request(str(folder)))


def refused(folder):
    with pytest.raises(DataError) as late:
        load(folder)
    with pytest.raises(DataError) as early:
        Folder().facts(Request(str(folder)))
    assert str(late.value) == str(early.value)
    return str(late.value)


def numbered(pattern, count=4):
    return [pattern.format(number) for number in range(count)]


def test_split_folders_of_images_named_after_their_class_are_no_classes(tmp_path):
    save(tmp_path, *numbered("train/cat.{}.png"), *numbered("train/dog.{}.png"))
    save(tmp_path, *numbered("test1/{}.png"))
    message = refused(tmp_path)
    assert "look like splits (test1, train), but without class folders in them" in message
    assert f"images in {tmp_path}/train seem to be named after their class (cat, dog)" in message


def test_the_advice_for_images_named_after_their_class_works(tmp_path):
    save(tmp_path, *numbered("train/cat.{}.png"), *numbered("train/dog.{}.png"), "test/1.png")
    advice = refused(tmp_path).rpartition("by the source ")[2]
    (source,) = shlex.split(advice)
    name, _, pattern = source.partition(":")
    data = Pattern().load(Request(pattern))
    assert (name, data.classes, len(data.labels)) == ("files", ("cat", "dog"), 8)


@pytest.mark.parametrize(
    "tops",
    [
        *(("train", "test"), ("train", "valid"), ("Training", "test_images"), ("val", "test")),
        *(("training", "evaluation"), ("dev", "holdout"), ("train_imgs", "eval_imgs")),
    ],
)
def test_split_folders_without_class_folders_are_no_classes(tmp_path, tops):
    for top in tops:
        save(tmp_path, *numbered(f"{top}/{{}}.png"))
    save(tmp_path, "else/1.png")
    assert "look like splits" in refused(tmp_path)


def test_one_class_named_like_a_split_is_noted_where_it_may_be_one(tmp_path):
    save(tmp_path, "train/1.png", "bus/1.png")
    (note,) = load(tmp_path).notes
    assert note.startswith("The class train is named like a split: if it is one, its images belong")
    save(tmp_path, "car/1.png")
    assert load(tmp_path).notes == ()


@pytest.mark.parametrize(
    "names",
    [
        (*numbered("cat.{}.png"), *numbered("dog.{}.png")),
        (*numbered("great_dane_{}.png"), *numbered("Beagle_{}.png")),
        (*numbered("cat{}.png"), *numbered("dog{}.png")),
        (*numbered("big cat ({}).png"), *numbered("dog ({}).png")),
    ],
)
def test_images_named_after_their_class_are_recognised(tmp_path, names):
    save(tmp_path, *names)
    assert "seem to be named after their class" in refused(tmp_path)


@pytest.mark.parametrize("pattern", ["IMG_{}.png", "{}.png", "photo{}.png"])
def test_images_numbered_by_cameras_are_not(tmp_path, pattern):
    save(tmp_path, *numbered(pattern), *numbered("DSC_{}.png"))
    assert "named after" not in refused(tmp_path)


@pytest.mark.parametrize(
    ("wrapper", "inner"),
    [
        ("{}", "{}"),
        ("{}", "seg_{}"),
        ("{}", "images"),
    ],
)
def test_one_folder_too_many_in_a_split_is_said(tmp_path, wrapper, inner):
    for split in ("train", "test"):
        top = f"{wrapper}/{inner}".format(split, split)
        save(tmp_path, f"{top}/cats/1.png", f"{top}/dogs/2.png")
    for _ in range(2):
        message = refused(tmp_path)
        assert message.endswith(": one folder too many")
        advice = message.partition("move what is in ")[2].partition(":")[0]
        source, _, target = advice.partition(" up into ")
        for folder in list((tmp_path / source).iterdir()):
            folder.rename(tmp_path / target / folder.name)
        (tmp_path / source).rmdir()
    data = load(tmp_path)
    assert (data.classes, set(data.fixed)) == (("cats", "dogs"), {"train", "test"})


def test_one_folder_too_many_in_splits_of_other_names_is_said_too(tmp_path):
    for split in ("training_set", "test_set"):
        save(tmp_path, f"{split}/{split}/cats/1.png", f"{split}/{split}/dogs/2.png")
    message = refused(tmp_path)
    assert "name them train, val and test" in message
    assert "move what is in test_set/test_set up into test_set: one folder too many" in message


def test_a_folder_around_the_folder_is_answered_with_the_one_meant(tmp_path):
    save(tmp_path, "data/data/cats/1.png", "data/data/dogs/2.png")
    assert f"did you mean '{tmp_path}/data'?" in refused(tmp_path)
    assert f"did you mean '{tmp_path}/data/data'?" in refused(tmp_path / "data")


def test_a_class_of_one_split_may_hold_folders(tmp_path):
    save(tmp_path, "train/cat/in/1.png", "train/cat/out/2.png", "train/dog/3.png")
    save(tmp_path, "test/cat/in/4.png", "test/cat/out/5.png")
    assert load(tmp_path).labels.tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("top", ["", "train/", "test/"])
@pytest.mark.parametrize(
    ("pictures", "regions"),
    [("images", "masks"), ("JPEGImages", "SegmentationClass"), ("image", "label")],
)
def test_images_beside_their_masks_are_no_classes(tmp_path, top, pictures, regions):
    save(tmp_path, "train/cat/1.png", "train/dog/2.png")
    save(tmp_path, *numbered(f"{top}{pictures}/{{}}.png"), *numbered(f"{top}{regions}/{{}}.png"))
    if not top:
        shutil.rmtree(tmp_path / "train")
    assert f"holds {pictures} beside {regions}" in refused(tmp_path)


def test_images_beside_boxes_in_text_files_are_no_classes(tmp_path):
    save(tmp_path, *numbered("train/images/{}.png"))
    (tmp_path / "train" / "labels").mkdir()
    (tmp_path / "train" / "labels" / "1.txt").write_text("0 .5 .5 .1 .1")
    assert "holds images beside labels: images with regions marked" in refused(tmp_path)


def test_class_folders_beside_annotations_are_answered_with_the_folder_meant(tmp_path):
    save(tmp_path, "images/cat/1.png", "images/dog/2.png")
    (tmp_path / "annotations").mkdir()
    assert refused(tmp_path).endswith(f"did you mean '{tmp_path}/images'?")
    assert load(tmp_path / "images").classes == ("cat", "dog")


@pytest.mark.parametrize("name", ["@eaDir", "__MACOSX", "lost+found", "$RECYCLE.BIN", "#recycle"])
def test_folders_that_systems_make_are_left_out_wherever_they_are(tmp_path, name):
    save(tmp_path, "cat/1.png", "dog/2.png", f"{name}/3.png", f"cat/{name}/4.png")
    save(tmp_path, f"dog/more/{name}/deep/5.png")
    data = load(tmp_path)
    assert (data.classes, len(data.labels)) == (("cat", "dog"), 2)
    (note,) = data.notes
    assert note == f"Folders that systems make are left out: {name}, cat/{name}, dog/more/{name}."


@pytest.mark.parametrize(("one", "other"), [("train", "training"), ("Train", "train")])
def test_two_folders_of_one_split_are_refused(tmp_path, one, other):
    save(tmp_path, f"{one}/cat/1.png", f"{one}/dog/2.png", f"{other}/cat/3.png")
    save(tmp_path, f"{other}/dog/4.png")
    assert f"{one} and {other}, each of which would be the train split" in refused(tmp_path)


def test_two_validation_folders_are_refused_unless_one_is_empty(tmp_path):
    save(tmp_path, "train/cat/1.png", "train/dog/2.png", "val/cat/3.png")
    (tmp_path / "validation").mkdir()
    assert set(load(tmp_path).fixed) == {"train", "validation"}
    save(tmp_path, "validation/cat/4.png")
    assert "val and validation, each of which" in refused(tmp_path)


def test_files_of_no_known_format_are_counted_by_extension(tmp_path):
    save(tmp_path, "cat/1.png", "dog/2.png")
    for name in ("cat/a.png_large", "cat/b.PNG_large", "dog/c", "dog/Thumbs.db", "dog/notes.txt"):
        (tmp_path / name).touch()
    data = load(tmp_path)
    (note,) = data.notes
    assert note == (
        "3 files in class folders are of no known image format: .png_large 2, without extension 1."
    )
    assert data.passed_over == {".png_large": 2, "without extension": 1}


def test_class_folders_of_nothing_but_such_files_are_answered_with_their_format(tmp_path):
    for name in ("cat/1.dcm", "cat/2.dcm", "dog/3.npy"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert refused(tmp_path).endswith(
        "has no images in cat, dog; 3 files in class folders are of no known image format: .dcm 2, "
        ".npy 1; convert them to JPEG or PNG, or, if they are that already, rename them to .jpg "
        "or .png"
    )


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("photos.7z", "7z x {0}.7z -o{0}"),
        ("photos.rar", "unrar x {0}.rar {0}/"),
    ],
)
def test_an_archive_that_is_not_read_in_place_wants_unpacking(tmp_path, name, command):
    (tmp_path / name).touch()
    advice = command.format(tmp_path / "photos")
    assert refused(tmp_path / name).endswith(f"an archive, not a folder; unpack it first: {advice}")
    assert f"it holds {name}: unpack it first: {advice}" in refused(tmp_path)


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_the_advice_for_a_folder_with_an_archive_works(tmp_path, kind):
    save(tmp_path / "photos", "cat/1.png", "dog/2.png")
    (tmp_path / "my photos").mkdir()
    shutil.make_archive(str(tmp_path / "my photos" / "all"), kind, tmp_path / "photos")
    advice = refused(tmp_path / "my photos").rpartition("by the source ")[2]
    (source,) = shlex.split(advice)
    assert load(source.removeprefix("folder:")).classes == ("cat", "dog")


def test_several_archives_want_unpacking_all_of_them(tmp_path):
    for name in ("cat.zip", "dog.zip"):
        (tmp_path / name).touch()
    assert "cat.zip, dog.zip: unpack them first, the first of them by: unzip " in refused(tmp_path)


def test_archives_beside_class_folders_are_noted(tmp_path):
    save(tmp_path, "cat/1.png", "dog/2.png")
    (tmp_path / "more.zip").touch()
    assert load(tmp_path).notes == ("Archives are left out, unless you unpack them: more.zip.",)


def test_archives_inside_class_folders_want_unpacking_there(tmp_path):
    save(tmp_path / "away", "dog/1.png", "dog/2.png")
    save(tmp_path / "photos", "cat/3.png")
    (tmp_path / "photos" / "dog").mkdir()
    shutil.make_archive(str(tmp_path / "photos" / "dog" / "dogs"), "gztar", tmp_path / "away/dog")
    message = refused(tmp_path / "photos")
    assert "has images of one class only" in message
    assert "it holds dog/dogs.tar.gz: unpack it first: " in message
    subprocess.run(["sh", "-c", message.rpartition("first: ")[2]], check=True)
    data = load(tmp_path / "photos")
    assert data.labels.tolist() == [0, 1, 1]
    assert data.notes == ("Archives are left out, unless you unpack them: dog/dogs.tar.gz.",)


@pytest.mark.parametrize("names", [(), ("cat/boxes.csv", "dog/boxes.csv")])
def test_class_folders_of_no_images_are_not_asked_for_again(tmp_path, names):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
    for name in names:
        (tmp_path / name).touch()
    held = "nothing but .csv 2" if names else "nothing"
    assert refused(tmp_path).endswith(
        f"has no images in cat, dog; there is {held} in these folders; put the images of each "
        "class there"
    )


def test_what_is_called_like_an_image_and_is_no_file_is_told_as_unreadable(tmp_path):
    save(tmp_path, "cat/1.png", "dog/2.png")
    os.mkfifo(tmp_path / "cat" / "3.png")
    (note,) = load(tmp_path).notes
    assert note == "1 of 3 images can't be read and are skipped: cat/3.png (not a regular file)."


@pytest.mark.parametrize("top", ["", "train/"])
def test_masks_inside_a_class_folder_are_no_images_of_the_class(tmp_path, top):
    save(tmp_path, f"{top}COVID/images/1.png", f"{top}Normal/images/2.png")
    save(tmp_path, f"{top}COVID/masks/1.png", f"{top}Normal/masks/2.png")
    assert f"{top}COVID holds images beside masks, which would be taken" in refused(tmp_path)
    for name in ("COVID", "Normal"):
        shutil.rmtree(tmp_path / top / name / "masks")
    assert load(tmp_path / top).classes == ("COVID", "Normal")


def test_splits_below_their_classes_are_noted_as_not_kept(tmp_path):
    save(tmp_path, "cat/train/1.png", "cat/test/2.png", "dog/train/3.png")
    (note,) = load(tmp_path).notes
    assert note.startswith("The splits inside class folders (cat/test, cat/train) are not kept")
    assert note.endswith("put them above the classes, such as test/cat.")


def test_classes_that_differ_in_capitals_only_are_noted(tmp_path):
    save(tmp_path, "Cat/1.png", "cat/2.png", "dog/3.png")
    (note,) = load(tmp_path).notes
    assert note.startswith("The classes Cat, cat differ in capitals only: if they are one class")


def test_an_npz_archive_belongs_to_another_source(tmp_path):
    (tmp_path / "a.npz").touch()
    assert refused(tmp_path / "a.npz").endswith(f"did you mean 'npz:{tmp_path}/a.npz'?")


def test_linked_class_folders_are_followed_and_links_inside_them_noted(tmp_path):
    save(tmp_path, "photos/cat/1.png", "dogs/2.png", "dogs/3.png")
    (tmp_path / "photos" / "dog").symlink_to(tmp_path / "dogs")
    (tmp_path / "photos" / "cat" / "more").symlink_to(tmp_path / "dogs")
    data = load(tmp_path / "photos")
    assert data.labels.tolist() == [0, 1, 1]
    assert data.notes == ("Linked folders inside class folders are left out: cat/more.",)


def test_links_that_lead_in_a_circle_or_to_a_folder_around_them_are_no_classes(tmp_path):
    save(tmp_path, "cat/1.png", "dog/2.png")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "cat" / "self").symlink_to("self")
    (tmp_path / "up").symlink_to("..")
    data = load(tmp_path)
    assert (data.classes, len(data.labels)) == (("cat", "dog"), 2)


def test_folders_within_folders_may_be_as_deep_as_paths_may_be_long(tmp_path, monkeypatch):
    save(tmp_path, "cat/1.png", "dog/2.png")
    monkeypatch.chdir(tmp_path / "cat")
    for _ in range(1200):
        os.mkdir("d")  # noqa: PTH102 - one by one, as the whole path grows longer than paths may be
        os.chdir("d")
    assert len(load(tmp_path).labels) == 2
    for _ in range(1200):  # more than what clears away test folders can go down
        os.chdir("..")
        os.rmdir("d")  # noqa: PTH106


def test_a_file_that_is_added_but_not_read_changes_what_is_said_of_the_folder(tmp_path):
    save(tmp_path, "cat/1.png", "dog/2.png")
    before = Folder().fingerprint(Request(str(tmp_path)))
    (tmp_path / "cat" / "3.png_large").touch()
    assert Folder().fingerprint(Request(str(tmp_path))) != before


def test_a_lone_folder_of_images_named_after_their_class_is_answered_with_the_pattern(tmp_path):
    save(tmp_path, *numbered("train/cat.{}.png"), *numbered("train/dog.{}.png"))
    assert f"by the source 'files:{tmp_path}/train/{{class}}.{{number}}*'" in refused(tmp_path)
