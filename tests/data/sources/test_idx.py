"""IDX files, as they are published and broken."""

import gzip
import struct

import numpy as np
import pytest

from cnnbench.data.sources.idx import Idx
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)
LABELS = np.array([3, 10, 3, 0, 10, 0], np.uint8)


def idx(array):
    """As http://yann.lecun.com/exdb/mnist describes it."""
    head = struct.pack(">BBBB", 0, 0, 8, array.ndim)
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture(params=[False, True], ids=["plain", "gzipped"])
def folder(tmp_path, request):
    def write(name, array):
        content = idx(array) if isinstance(array, np.ndarray) else array
        if request.param:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (tmp_path / name).write_bytes(content)
        return tmp_path

    for split, rows in (("train", slice(4)), ("t10k", slice(4, 6))):
        write(f"{split}-images-idx3-ubyte", IMAGES[rows])
        write(f"{split}-labels-idx1-ubyte", LABELS[rows])
    return write


def refused(folder):
    with pytest.raises(DataError) as error:
        Idx().load(Request(str(folder)))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_both_splits_are_read_and_classes_sorted_by_number(folder, tmp_path):
    request = Request(str(tmp_path))
    data, facts = Idx().load(request), Idx().facts(request)
    np.testing.assert_array_equal(data.images[..., 0], IMAGES)
    assert [data.classes[label] for label in data.labels] == [str(label) for label in LABELS]
    assert data.classes == facts.classes == ("0", "3", "10")
    assert data.fixed["test"].tolist() == [4, 5]
    assert (facts.shape, facts.count) == ((5, 4, 1), {"train": 4, "test": 2})
    assert facts.class_count == {"train": (1, 2, 1), "test": (1, 0, 1)}


def test_size_and_colour_are_as_asked_for(folder, tmp_path):
    data = Idx().load(Request(str(tmp_path), (10, 8), "rgb"))
    assert data.images.shape == (6, 10, 8, 3)


def test_a_set_without_test_files_and_with_a_name_of_its_own(tmp_path):
    (tmp_path / "kmnist-train-images.idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "kmnist-train-labels.idx1-ubyte").write_bytes(idx(LABELS))
    assert Idx().load(Request(str(tmp_path))).fixed == {}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("train-labels-idx1-ubyte", LABELS[:3], "holds 4 images, but "),
        ("train-labels-idx1-ubyte", IMAGES, "is no IDX file of bytes with 1 axes"),
        ("train-images-idx3-ubyte", idx(IMAGES[:4])[:-1], "ends early: 79 of 80 bytes are there"),
        ("train-images-idx3-ubyte", b"PK\3\4", "is no IDX file of bytes with 3 axes"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03" + b"\xff" * 12, "which can't be"),
        ("t10k-images-idx3-ubyte", IMAGES[:2, :4], "differ in size between the splits"),
    ],
)
def test_broken_files_are_told_in_a_sentence(folder, name, content, said):
    assert said in refused(folder(name, content))


def test_a_gzipped_file_that_is_cut_is_told(tmp_path):
    content = gzip.compress(idx(IMAGES))
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(content[:-20])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS))
    assert "train-images-idx3-ubyte.gz can't be read: Compressed file ended" in refused(tmp_path)


def test_missing_files_are_named(tmp_path):
    assert "lacks IDX files of a training split; expected are train-images" in refused(tmp_path)
    assert "there is no folder" in refused(tmp_path / "nowhere")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(IMAGES))
    assert "lacks train-labels-idx1-ubyte" in refused(tmp_path)
    for name in ("a-", "b-"):
        (tmp_path / f"{name}train-images-idx3-ubyte").write_bytes(idx(IMAGES))
        (tmp_path / f"{name}train-labels-idx1-ubyte").write_bytes(idx(LABELS))
    assert "holds several sets of IDX files (a-, b-)" in refused(tmp_path)
