"""Folders of photos: layouts, every kind of image, and every kind of broken file."""

import os
import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

RED, BLUE = (255, 0, 0), (0, 0, 255)


def save(path, color=None, size=(6, 4), **options):
    """An image of one colour, or of noise that differs between paths. size: (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if color is None:
        rng = np.random.default_rng(zlib.crc32(str(path).encode()))
        image = Image.fromarray(rng.integers(0, 256, (*size[::-1], 3)).astype(np.uint8))
    else:
        image = Image.new("RGB", size, color)
    image.save(path, **options)


@pytest.fixture
def photos(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png", "dog/3.png"):
        save(tmp_path / "photos" / name)
    return tmp_path / "photos"


def load(folder, **keys):
    return Folder().load(Request(str(folder), **keys))


def facts(folder, **keys):
    return Folder().facts(Request(str(folder), **keys))


def refused(folder, **keys):
    with pytest.raises(DataError) as error:
        load(folder, **keys)
    return error.value


def only(data, class_name):
    """The pixels of the one image of a class."""
    (row,) = np.flatnonzero(data.labels == data.classes.index(class_name))
    return data.images[row]


# Layouts


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


# Folders that hold no study


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


# Kinds of images


def test_grey_palette_bilevel_and_16_bit_images_are_read(tmp_path):
    levels = np.array([[0, 257 * 100, 65535]], np.uint16)
    kinds = {
        "grey": (Image.fromarray(np.array([[0, 100, 255]], np.uint8)), [0, 100, 255]),
        "sixteen": (Image.fromarray(levels), [0, 100, 255]),
        "bilevel": (Image.fromarray(np.array([[0, 1, 1]], bool)), [0, 255, 255]),
        "palette": (
            Image.fromarray(np.array([[0, 100, 255]], np.uint8)).convert("P"),
            [0, 100, 255],
        ),
    }
    for name, (image, _) in kinds.items():
        (tmp_path / name).mkdir()
        image.save(tmp_path / name / "1.png")
    data = load(tmp_path)
    for name, (_, expected) in kinds.items():
        np.testing.assert_array_equal(only(data, name)[0], np.repeat([expected], 3, 0).T)


@pytest.mark.parametrize(
    ("dtype", "white"),
    [(np.int32, 255), (np.uint16, 4095), (np.uint16, 65535), (np.int32, 65535)],
)
def test_a_tiff_is_as_bright_as_the_bits_it_uses(tmp_path, dtype, white):
    levels = np.array([[0, white // 5, white]])
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(levels.astype(dtype)).save(tmp_path / name / "1.tif")
    assert load(tmp_path, color="grey").images[0, 0, :, 0].tolist() == [0, 51, 255]


def deep(folder, values, extension="png"):
    """Images of one pixel each, of 16 bits, in the classes a and b by turns."""
    for number, value in enumerate(values):
        (folder / "ab"[number % 2]).mkdir(exist_ok=True)
        image = Image.fromarray(np.array([[value]], np.uint16))
        image.save(folder / "ab"[number % 2] / f"{number}.{extension}")


def test_one_white_is_taken_for_all_deep_images_and_said(tmp_path):
    deep(tmp_path, [4000, 4200, 1000, 2000])
    data = load(tmp_path, color="grey")
    assert sorted(data.images.ravel().tolist()) == [16, 31, 62, 65]
    (note,) = data.notes
    assert note == (
        "4 images have more than 8 bits a channel; the brightest value of all is 4,200, so 16,383 "
        "(14 bits) is taken for white."
    )
    assert (data.deep.images, data.deep.white) == (4, 16383)


def test_images_of_8_bits_beside_deep_ones_are_noted_as_brighter_than_these(tmp_path):
    deep(tmp_path, [4000, 4200, 1000])
    Image.new("L", (1, 1), 15).save(tmp_path / "b" / "shallow.png")
    (note,) = load(tmp_path).notes
    assert "is taken for white. The others, 1, have 8 bits, of which 255 is white: if they" in note


@pytest.mark.parametrize(
    ("brightest", "white"),
    [(200, 255), (256, 1023), (1024, 4095), (4095, 4095), (4096, 16383), (16384, 65535)],
)
def test_white_is_of_as_many_bits_as_the_brightest_needs(tmp_path, brightest, white):
    deep(tmp_path, [0, brightest])
    data = load(tmp_path, color="grey")
    assert data.deep.white == white
    assert int(data.images.max()) == (brightest * 255 + white // 2) // white


def test_white_does_not_depend_on_the_file_format(tmp_path):
    values = [100, 1000, 3000, 4000]
    decoded = {}
    for extension in ("png", "tif", "pgm"):
        (tmp_path / extension).mkdir()
        deep(tmp_path / extension, values, extension)
        decoded[extension] = load(tmp_path / extension, color="grey").images.ravel().tolist()
    assert decoded["png"] == decoded["tif"] == decoded["pgm"]
    for extension in decoded:
        for number, value in enumerate(values):
            (tmp_path / "mixed" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
            target = tmp_path / "mixed" / "ab"[number % 2] / f"{extension}{value}.{extension}"
            Image.fromarray(np.array([[value]], np.uint16)).save(target)
    mixed = load(tmp_path / "mixed", color="grey").images.ravel().tolist()
    assert sorted(mixed) == sorted(3 * decoded["png"])


def test_images_of_8_bits_stand_beside_deep_ones_as_they_are(tmp_path):
    deep(tmp_path, [4095, 0])
    Image.fromarray(np.array([[7]], np.uint8)).save(tmp_path / "a" / "plain.png")
    assert sorted(load(tmp_path, color="grey").images.ravel().tolist()) == [0, 7, 255]


@pytest.mark.parametrize("value", [-1, 65536])
def test_values_beyond_16_bits_are_not_guessed_at(tmp_path, value):
    deep(tmp_path, [5, 6])
    Image.fromarray(np.array([[value]], np.int32)).save(tmp_path / "a" / "odd.tif")
    (note, _) = load(tmp_path).notes
    assert f"a/odd.tif (its values run from {value:,} to {value:,}; expected are 0 to" in note


def test_a_large_photo_that_can_be_decoded_smaller_is_read(photos, monkeypatch):
    monkeypatch.setattr("cnnbench.data.sources._decode.MOST_PIXELS", 2_000)
    save(photos / "cat" / "large.jpg", size=(400, 300))
    save(photos / "cat" / "large.png", size=(400, 300))
    (note,) = load(photos, image_size=(8, 8)).notes
    assert "1 of 7 images can't be read" in note
    assert "cat/large.png (400 x 300 pixels are too many" in note


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_regular_file_is_reported_without_being_opened(photos, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (photos / "cat" / "pipe.jpg").symlink_to(tmp_path / "pipe")
    (photos / "cat" / "zero.jpg").symlink_to("/dev/zero")
    (photos / "cat" / "self.jpg").symlink_to("self.jpg")
    (photos / "dog" / "empty.png").touch()
    (note,) = load(photos).notes
    assert "cat/pipe.jpg (not a regular file)" in note
    assert "cat/zero.jpg (not a regular file)" in note
    assert "cat/self.jpg (" in note
    assert "dog/empty.png (the file is empty)" in note


def test_transparent_images_are_laid_over_white(tmp_path):
    for name, image in {
        "rgba": Image.new("RGBA", (2, 2), (200, 100, 0, 51)),
        "grey": Image.new("LA", (2, 2), (100, 0)),
    }.items():
        (tmp_path / name).mkdir()
        image.save(tmp_path / name / "1.png")
    palette = Image.new("P", (2, 2), 1)
    palette.putpalette([0, 0, 0, 9, 9, 9])
    (tmp_path / "palette").mkdir()
    palette.save(tmp_path / "palette" / "1.png", transparency=1)
    data = load(tmp_path)
    assert only(data, "rgba")[0, 0].tolist() == [244, 224, 204]
    assert only(data, "grey")[0, 0].tolist() == [255, 255, 255]
    assert only(data, "palette")[0, 0].tolist() == [255, 255, 255]


def test_cmyk_becomes_rgb(photos):
    (photos / "ink").mkdir()
    Image.new("CMYK", (6, 4), (0, 255, 255, 0)).save(photos / "ink" / "1.jpg", quality=100)
    red, green, blue = only(load(photos), "ink")[0, 0].tolist()
    assert red > 200
    assert max(green, blue) < 60


def test_the_first_frame_of_an_animation_counts(photos):
    (photos / "gif").mkdir()
    Image.new("RGB", (6, 4), RED).save(
        photos / "gif" / "1.gif", save_all=True, append_images=[Image.new("RGB", (6, 4), BLUE)]
    )
    assert only(load(photos), "gif")[0, 0].tolist() == list(RED)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_upright_as_exif_says(tmp_path, orientation):
    # The picture as it should be seen, and how a camera stores it: EXIF 2.3, tag 0x0112, says where
    # row 0 and column 0 lie.
    upright = np.zeros((16, 32), np.uint8)
    upright[:8, :8] = 255
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: upright.T[::-1],
        7: upright.T[::-1, ::-1],
        8: upright.T[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.ascontiguousarray(stored)).save(
            tmp_path / name / "1.jpg", exif=exif, quality=100
        )
    assert facts(tmp_path).shape == (16, 32, 3)
    np.testing.assert_allclose(load(tmp_path).images[0, ..., 0], upright, atol=6)
    assert load(tmp_path, image_size=(8, 16)).images[0, 2, 2, 0] > 200


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_is_turned_as_pillow_turns_it(tmp_path, extension, orientation):
    levels = np.zeros((16, 32), np.uint8)
    levels[:8, :8] = 255
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        exif = Image.Exif()  # saving as AVIF takes the orientation out of it
        exif[0x0112] = orientation
        Image.fromarray(levels).convert("RGB").save(
            tmp_path / name / f"1.{extension}", exif=exif, quality=100
        )
    with Image.open(tmp_path / "a" / f"1.{extension}") as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert facts(tmp_path).shape == expected.shape
    np.testing.assert_array_equal(load(tmp_path).images[0], expected)


def test_grey_is_one_channel_when_asked_for(photos):
    data = load(photos, color="grey")
    with Image.open(photos / "cat" / "1.png") as image:
        np.testing.assert_array_equal(data.images[0, ..., 0], np.asarray(image.convert("L")))


# Sizes


def test_images_are_stretched_to_the_size_asked_for(photos):
    save(photos / "cat" / "tall.jpg", RED, size=(10, 300))
    data = load(photos, image_size=(5, 7))
    assert data.images.shape == (6, 5, 7, 3)
    np.testing.assert_allclose(data.images[2], np.broadcast_to(RED, (5, 7, 3)), atol=3)


def test_a_large_photo_is_reduced_as_pillow_does_it(tmp_path):
    ramp = np.linspace(0, 255, 800).astype(np.uint8)[None].repeat(600, 0)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(ramp).convert("RGB").save(tmp_path / name / "1.jpg", quality=95)
    with Image.open(tmp_path / "a" / "1.jpg") as image:
        expected = np.asarray(image.resize((32, 24), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(
        load(tmp_path, image_size=(24, 32)).images[0], expected.astype(int), atol=3
    )


def test_different_sizes_need_image_size(photos):
    save(photos / "dog" / "odd.png", size=(7, 4))
    for ask in (facts, load):
        with pytest.raises(DataError) as error:
            ask(photos)
        assert error.value.key == "image_size"
        assert str(error.value) == (
            "the images differ in size: cat/1.png is [4, 6], dog/odd.png is [4, 7]; "
            "set image_size = [height, width]"
        )


# Files that can't be read


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


# Duplicates


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


# Noticing changes


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
