"""Every kind of image, however deep, turned or large, becomes pixels as Pillow has them."""

import os

import numpy as np
import pytest
from PIL import Image, ImageOps

from cnnbench.errors import DataError

from .conftest import facts, load, only, save

RED, BLUE = (255, 0, 0), (0, 0, 255)


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
