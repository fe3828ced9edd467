from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest

from cnnbench.data.cache import known_digest, open_images
from cnnbench.data.source import Request
from cnnbench.errors import DataError
from cnnbench_keras._data.catalog import DATASETS
from cnnbench_keras._source import KerasDatasets

SOURCE = KerasDatasets()


def random_images(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write_mnist(folder):
    arrays = {
        "x_train": random_images(0, 6, 28, 28),
        "y_train": np.array([5, 0, 4, 1, 9, 2], np.uint8),
        "x_test": random_images(1, 3, 28, 28),
        "y_test": np.array([7, 2, 1], np.uint8),
    }
    np.savez(folder / "mnist.npz", **arrays)
    return arrays


def write_idx(path, array):
    path.parent.mkdir(exist_ok=True)
    header = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


def write_fashion(folder):
    arrays = {
        "train-images-idx3-ubyte": random_images(0, 5, 28, 28),
        "train-labels-idx1-ubyte": np.array([9, 0, 0, 3, 8], np.uint8),
        "t10k-images-idx3-ubyte": random_images(1, 2, 28, 28),
        "t10k-labels-idx1-ubyte": np.array([2, 1], np.uint8),
    }
    for name, array in arrays.items():
        write_idx(folder / "fashion-mnist" / f"{name}.gz", array)
    return arrays


def published_pickle(content):
    """As the CIFAR batches are published: written by Python 2 with a NumPy before version 2."""
    return pickle.dumps(content, 2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def write_archive(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def cifar_batch(seed, labels, key=b"labels"):
    return {b"data": random_images(seed, len(labels), 3072), key: labels, b"batch_label": b"a part"}


def write_cifar10(path):
    batches = {f"data_batch_{part}": cifar_batch(part, [part, 9]) for part in range(1, 6)}
    batches["test_batch"] = cifar_batch(6, [3])
    files = {f"cifar-10-batches-py/{n}": published_pickle(b) for n, b in batches.items()}
    write_archive(path, files)
    return batches


def test_mnist_is_read_from_the_file_that_keras_keeps(datasets):
    arrays = write_mnist(datasets)
    data = SOURCE.load(Request("mnist"))
    assert data.images.shape == (9, 28, 28, 1)
    assert data.images.dtype == np.uint8
    assert np.array_equal(data.images[:6, ..., 0], arrays["x_train"])
    assert np.array_equal(data.images[6:, ..., 0], arrays["x_test"])
    assert data.labels.tolist() == [5, 0, 4, 1, 9, 2, 7, 2, 1]
    assert data.labels.dtype == np.int32


def test_the_published_test_split_stays_the_test_split(datasets):
    write_mnist(datasets)
    assert {k: v.tolist() for k, v in SOURCE.load(Request("mnist")).fixed.items()} == {
        "test": [6, 7, 8]
    }


def test_fashion_mnist_is_read_from_its_idx_files(datasets):
    arrays = write_fashion(datasets)
    data = SOURCE.load(Request("fashion_mnist"))
    assert np.array_equal(data.images[:5, ..., 0], arrays["train-images-idx3-ubyte"])
    assert np.array_equal(data.images[5:, ..., 0], arrays["t10k-images-idx3-ubyte"])
    assert [data.classes[label] for label in data.labels[:2]] == ["Ankle boot", "T-shirt/top"]
    assert data.fixed["test"].tolist() == [5, 6]


@pytest.mark.parametrize(
    "name", ["cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"]
)
def test_cifar10_is_read_from_the_archive_under_each_name_keras_gave_it(datasets, name):
    batches = write_cifar10(datasets / name)
    data = SOURCE.load(Request("cifar10"))
    assert data.images.shape == (11, 32, 32, 3)
    assert data.labels.tolist() == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9, 3]
    assert data.fixed["test"].tolist() == [10]
    # A row of the file is 1,024 red values, then green, then blue, each row by row.
    row = batches["data_batch_1"][b"data"][0]
    assert data.images[0, 0, 1].tolist() == [row[1], row[1024 + 1], row[2048 + 1]]
    assert data.images[0, 2, 0].tolist() == [row[64], row[1024 + 64], row[2048 + 64]]


def test_cifar100_takes_the_hundred_fine_labels(datasets):
    train, test = (cifar_batch(seed, [99, 0], b"fine_labels") for seed in (0, 1))
    train[b"coarse_labels"] = [19, 3]
    files = {
        f"cifar-100-python/{n}": published_pickle(b) for n, b in (("train", train), ("test", test))
    }
    write_archive(datasets / "cifar-100-python-target_archive", files)
    data = SOURCE.load(Request("cifar100"))
    assert [data.classes[label] for label in data.labels] == ["worm", "apple"] * 2
    assert data.fixed["test"].tolist() == [2, 3]


def test_nothing_in_a_cifar_file_can_run(datasets, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    files = {"cifar-10-batches-py/data_batch_1": pickle.dumps({b"data": Evil()}, 2)}
    write_archive(datasets / "cifar-10-batches-py-target_archive", files)
    with pytest.raises(DataError, match=r"damaged.*mkdir"):
        SOURCE.load(Request("cifar10"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", DATASETS)
def test_facts_need_no_file_and_agree_with_what_is_published(datasets, name):
    published = {
        "mnist": ((28, 28, 1), 10, 60000, 10000),
        "fashion_mnist": ((28, 28, 1), 10, 60000, 10000),
        "cifar10": ((32, 32, 3), 10, 50000, 10000),
        "cifar100": ((32, 32, 3), 100, 50000, 10000),
    }[name]
    facts = SOURCE.facts(Request(name))
    assert (facts.shape, len(facts.classes), *facts.count.values()) == published
    assert list(facts.count) == ["train", "test"]
    assert {len(counts) for counts in facts.class_count.values()} == {published[1]}
    assert len(set(facts.classes)) == published[1]


def test_size_and_colour_are_as_asked_for(datasets):
    write_mnist(datasets)
    request = Request("mnist", image_size=(14, 20), color="rgb")
    assert SOURCE.load(request).images.shape[1:] == SOURCE.facts(request).shape == (14, 20, 3)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("minst", r'"keras:minst" is not known; did you mean "keras:mnist"\? \(known: mnist, '),
        ("", r'"keras:" is not known \(known: mnist, fashion_mnist, cifar10, cifar100\)'),
    ],
)
def test_an_unknown_data_set_is_named_with_what_is_known(argument, said):
    with pytest.raises(DataError, match=said):
        SOURCE.facts(Request(argument))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"<html>Not found</html>",
        lambda content: b"",
    ],
    ids=["cut", "another file", "empty"],
)
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_a_damaged_file_is_named(datasets, name, damage):
    {"mnist": write_mnist, "fashion_mnist": write_fashion}.get(
        name, lambda folder: write_cifar10(folder / "cifar-10-batches-py-target_archive")
    )(datasets)
    path = datasets / DATASETS[name].files[0].path
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError) as caught:
        SOURCE.load(Request(name))
    assert str(path) in str(caught.value)
    assert "delete it" in str(caught.value)


def test_labels_beyond_the_classes_are_refused(datasets):
    arrays = write_mnist(datasets)
    arrays["y_test"][0] = 10
    np.savez(datasets / "mnist.npz", **arrays)
    with pytest.raises(DataError, match=r"labels outside 0\.\.9"):
        SOURCE.load(Request("mnist"))


def test_a_changed_file_is_noticed_by_the_cache(datasets, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    arrays = write_mnist(datasets)
    first = open_images(SOURCE, Request("mnist")).digest
    assert known_digest(SOURCE, Request("mnist")) == first
    arrays["x_train"][0] = 0
    np.savez_compressed(datasets / "mnist.npz", **arrays)
    assert open_images(SOURCE, Request("mnist")).digest != first
