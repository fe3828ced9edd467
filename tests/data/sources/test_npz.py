"""NumPy archives: ours, Keras's, and broken ones."""

import os
import struct
import zipfile

import numpy as np
import pytest

from cnnbench.data.sources.npz import Npz
from cnnbench.data.sources.source import Request
from cnnbench.data.spec import DataSpec
from cnnbench.errors import DataError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 5, 4)).astype(np.uint8)
LABELS = np.array([3, 10, 3, 10, 2, 2])


@pytest.fixture
def archive(tmp_path):
    def write(**arrays):
        np.savez_compressed(tmp_path / "images.npz", **arrays)
        return Request(str(tmp_path / "images.npz"))

    return write


def refused(request):
    """The message of both `facts` and `load`."""
    with pytest.raises(DataError) as early:
        Npz().facts(request)
    with pytest.raises(DataError) as late:
        Npz().load(request)
    assert early.value.key == late.value.key == "source"
    assert str(early.value) == str(late.value)
    return str(early.value)


def test_images_and_labels(archive):
    data = Npz().load(archive(images=IMAGES, labels=LABELS))
    np.testing.assert_array_equal(data.images[..., 0], IMAGES)
    assert data.classes == ("2", "3", "10")
    assert data.labels.tolist() == [1, 2, 1, 2, 0, 0]
    assert dict(data.fixed) == {}
    assert data.notes == ()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [None, (7, 3)])
def test_facts_agree_with_what_is_loaded(archive, channels, size):
    images = RNG.integers(0, 256, (6, 5, 4, channels)).astype(np.uint8)
    path = archive(images=images, labels=LABELS).argument
    request = Request(path, image_size=size)
    facts, data = Npz().facts(request), Npz().load(request)
    assert data.images.shape == (facts.count["all"], *facts.shape)
    assert facts.classes == data.classes
    assert facts.class_count["all"] == tuple(np.bincount(data.labels))


def test_the_test_split_of_keras_mnist_is_kept(archive):
    request = archive(x_train=IMAGES[:4], y_train=LABELS[:4], x_test=IMAGES[4:], y_test=LABELS[4:])
    facts, data = Npz().facts(request), Npz().load(request)
    assert facts.count == {"train": 4, "test": 2}
    assert facts.class_count == {"train": (0, 2, 2), "test": (2, 0, 0)}
    assert data.fixed["test"].tolist() == [4, 5]
    np.testing.assert_array_equal(data.images[..., 0], IMAGES)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["cat", "dog"] * 3),
        np.array([b"cat", b"dog"] * 3),
        np.array([["cat"], ["dog"]] * 3),
    ],
)
def test_labels_may_be_text_and_a_column(archive, labels):
    data = Npz().load(archive(images=IMAGES, labels=labels))
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 1] * 3


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_in_0_to_1_become_bytes(archive, dtype):
    data = Npz().load(archive(images=(IMAGES / 255).astype(dtype), labels=LABELS))
    np.testing.assert_allclose(data.images[..., 0].astype(int), IMAGES, atol=0.5)


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int64])
def test_whole_numbers_in_0_to_255_are_read_whatever_their_type(archive, dtype):
    data = Npz().load(archive(images=IMAGES.astype(dtype), labels=LABELS))
    np.testing.assert_array_equal(data.images[..., 0], IMAGES)


@pytest.mark.parametrize("bad", [-1, 256])
def test_other_whole_numbers_are_refused_with_their_range(archive, bad):
    images = IMAGES.astype(int)
    images[3, 0, 0] = bad
    with pytest.raises(
        DataError, match=r"holds whole numbers from .*expected are whole numbers in"
    ):
        Npz().load(archive(images=images, labels=LABELS))


def test_an_accented_label_is_found_however_it_is_stored_or_typed(archive):
    apart, typed = "Ka\u0308tzchen", "K\u00e4tzchen"
    data = Npz().load(archive(images=IMAGES, labels=np.array(["Hund", apart] * 3)))
    assert data.classes == ("Hund", typed)
    assert DataSpec(source="any", classes=(apart, "Hund")).classes == (typed, "Hund")


@pytest.mark.parametrize("bad", [255.0, -0.5, np.inf])
def test_other_floats_are_refused_with_their_range(archive, bad):
    images = IMAGES / 255
    images[3, 0, 0] = bad
    with pytest.raises(DataError, match=r"holds floats from .* to .*expected are whole"):
        Npz().load(archive(images=images, labels=LABELS))


def test_images_with_a_value_that_is_no_number_are_refused_as_such(archive):
    images = IMAGES / 255
    images[3, 0, 0] = np.nan
    with pytest.raises(DataError, match=r"holds values that are no numbers \(NaN\)"):
        Npz().load(archive(images=images, labels=LABELS))


def test_the_advice_for_arrays_as_pytorch_and_keras_have_them_works(archive):
    rgb = RNG.integers(0, 256, (6, 3, 5, 7)).astype(np.uint8)
    columns = np.eye(11)[LABELS]
    first = refused(archive(images=rgb, labels=LABELS))
    assert first.endswith("if channels come first, save images.transpose(0, 2, 3, 1)")
    second = refused(archive(images=rgb.transpose(0, 2, 3, 1), labels=columns))
    assert second.endswith("if there is a column for each class, save labels.argmax(axis=1)")
    data = Npz().load(archive(images=rgb.transpose(0, 2, 3, 1), labels=columns.argmax(axis=1)))
    assert data.labels.tolist() == np.unique(LABELS, return_inverse=True)[1].tolist()


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "a.npz").touch()
    assert " is empty; expected are images and labels" in refused(Request(f"{tmp_path}/a.npz"))


def test_duplicates_are_reported_across_classes_and_splits(archive):
    both = np.concatenate([IMAGES, IMAGES[:1]])
    (note,) = Npz().load(archive(images=both, labels=np.append(LABELS, 2))).notes
    assert "image 0 (3) and image 6 (2)" in note
    request = archive(x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:2], y_test=LABELS[:2])
    (note,) = Npz().load(request).notes
    assert note.startswith("2 images occur in more than one of the given splits")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": IMAGES, "b": LABELS}, "holds a, b; expected are images and labels, or x_train"),
        ({"images": IMAGES}, "holds images; expected"),
        ({"images": IMAGES, "labels": LABELS[:5]}, "shape (5,) for 6 images"),
        ({"images": IMAGES, "labels": np.eye(6)}, "shape (6, 6) for 6 images"),
        ({"images": IMAGES, "labels": LABELS / 2}, "float64; expected are whole numbers or text"),
        (
            {"images": IMAGES > 99, "labels": LABELS},
            "is bool; expected are whole numbers in 0..255",
        ),
        ({"images": IMAGES[0], "labels": LABELS}, "shape (5, 4)"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "at least one image"),
        ({"images": np.zeros((6, 5, 4, 2), np.uint8), "labels": LABELS}, "1, 3 or 4 channels"),
        (
            {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:, 1:], "y_test": LABELS},
            "differ in shape",
        ),
    ],
)
def test_arrays_of_another_form_are_refused_before_loading(archive, arrays, words):
    assert words in refused(archive(**arrays))


def test_python_objects_are_never_unpickled(archive):
    labels = np.array([{"a": 1}] * 6, dtype=object)
    assert "is object; expected are whole numbers or text" in refused(
        archive(images=IMAGES, labels=labels)
    )


def test_a_missing_file_is_named(tmp_path):
    assert f"there is no file {tmp_path}/no.npz" in refused(Request(f"{tmp_path}/no.npz"))


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04" + b"\0" * 50])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    assert "can't be read as an .npz archive" in refused(Request(f"{tmp_path}/x.npz"))


def test_a_truncated_file_is_refused(archive):
    request = archive(images=IMAGES, labels=LABELS)
    os.truncate(request.argument, 200)
    assert "can't be read" in refused(request)


def test_a_header_that_claims_more_than_there_is_is_refused(archive, tmp_path):
    request = archive(labels=np.arange(10**4))
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**4, 10**2, 10**2)}
    with (
        zipfile.ZipFile(request.argument, "a") as file,
        file.open("images.npy", "w") as member,
    ):
        np.lib.format.write_array_header_1_0(member, header)
    with pytest.raises(DataError):
        Npz().load(request)


def test_a_bomb_is_refused_before_it_is_inflated(archive):
    request = archive(labels=np.arange(10**4))
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**4, 10**3, 10**3)}
    with (
        zipfile.ZipFile(request.argument, "a") as file,
        file.open("images.npy", "w") as member,
    ):
        np.lib.format.write_array_header_1_0(member, header)
    assert "claims 80,000,000,000 bytes; at most 8,589,934,592 are read" in refused(request)


def test_a_changed_file_has_another_fingerprint(archive):
    request = archive(images=IMAGES, labels=LABELS)
    before = Npz().fingerprint(request)
    assert Npz().fingerprint(request) == before
    archive(images=IMAGES[:5], labels=LABELS[:5])
    assert Npz().fingerprint(request) != before


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_a_validation_split_beside_keras_s_four_arrays_is_kept(archive, name):
    arrays = {f"x_{name}": IMAGES[:2], f"y_{name}": LABELS[:2]}
    four = {"x_train": IMAGES[2:4], "y_train": LABELS[2:4], "x_test": IMAGES[4:]}
    request = archive(**four, y_test=LABELS[4:], **arrays)
    data = Npz().load(request)
    assert {split: rows.tolist() for split, rows in data.fixed.items()} == {
        "validation": [2, 3],
        "test": [4, 5],
    }
    assert data.notes == ()
    assert Npz().facts(request).count == {"train": 2, "validation": 2, "test": 2}


def test_the_arrays_of_medmnist_are_known(archive):
    parts = {"train": slice(0, 2), "val": slice(2, 4), "test": slice(4, 6)}
    arrays = {f"{name}_images": IMAGES[part] for name, part in parts.items()}
    arrays |= {f"{name}_labels": LABELS[part][:, None] for name, part in parts.items()}
    assert set(Npz().load(archive(**arrays)).fixed) == {"validation", "test"}


def test_arrays_that_are_not_used_are_noted(archive):
    data = Npz().load(archive(images=IMAGES, labels=LABELS, x_train=IMAGES, x_val=IMAGES))
    assert data.notes == ("Arrays that are not used: x_train, x_val.",)


def test_labels_that_would_fill_memory_are_refused_before_they_are_read(archive):
    assert "class names of at most 200 characters" in refused(
        archive(images=IMAGES, labels=["x" * 1000, *"abcde"])
    )


def test_the_name_of_an_array_breaks_no_line(archive):
    said = refused(archive(images=IMAGES, **{"la\nbels\x1b": [0] * len(IMAGES)}))
    assert "holds images, la\\nbels\\x1b; expected are images and labels" in said


def test_a_folder_and_files_of_other_kinds_are_answered_with_what_to_do(tmp_path):
    assert refused(Request(str(tmp_path))).endswith(f"did you mean 'folder:{tmp_path}'?")
    np.save(tmp_path / "x.npy", IMAGES)
    assert "numpy.savez('x.npz', images=..., labels=...)" in refused(
        Request(str(tmp_path / "x.npy"))
    )


def test_what_is_no_regular_file_is_not_opened():
    assert "/dev/zero is not a regular file" in refused(Request("/dev/zero"))


@pytest.mark.parametrize(("offset", "form", "value"), [(8, "<H", 98), (6, "<H", 1)])
def test_an_archive_of_unknown_compression_or_under_a_password_is_refused(
    archive, offset, form, value
):
    request = archive(images=IMAGES, labels=LABELS)
    with open(request.argument, "rb") as file:  # noqa: PTH123 - a text
        content = bytearray(file.read())
    for mark, shift in ((b"PK\3\4", 0), (b"PK\1\2", 2)):
        start = content.find(mark)
        while start >= 0:
            struct.pack_into(form, content, start + offset + shift, value)
            start = content.find(mark, start + 4)
    with open(request.argument, "wb") as file:  # noqa: PTH123
        file.write(content)
    assert "can't be read as an .npz archive" in refused(request)
