from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import subprocess
import sys
import tarfile
from importlib.util import find_spec

import numpy as np
import pytest

from cnnbench.plugin import DataError, Request
from cnnbench_keras._data.catalog import DATASETS
from cnnbench_keras._source import KerasDatasets

SOURCE = KerasDatasets()
SPLITS = ("train", "test")


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


def text(value):
    return b"T" + struct.pack("<i", len(value)) + value


def published_pickle(content):
    """As the CIFAR batches are published, by Python 2: its `str` is an opcode Python 3 can't write.

    content: texts, lists of numbers below 256 and one array of bytes, shape (n, 3072).
    """
    written = b"\x80\x02}("
    for key, value in content.items():
        written += text(key)
        if isinstance(value, bytes):
            written += text(value)
        elif isinstance(value, list):
            written += b"](" + b"".join(b"K" + bytes([number]) for number in value) + b"e"
        else:
            written += b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
            written += text(b"b") + b"\x87R(K\x01"
            written += b"M" + struct.pack("<H", len(value)) + b"M" + struct.pack("<H", 3072)
            written += b"\x86cnumpy\ndtype\n" + text(b"u1") + b"K\0K\x01\x87R(K\x03" + text(b"|")
            written += b"NNN" + 2 * (b"J" + struct.pack("<i", -1)) + b"K\0tb\x89"
            written += text(value.tobytes()) + b"tb"
    return written + b"u."


def write_archive(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def cifar_batch(seed, labels, key=b"labels"):
    return {b"data": random_images(seed, len(labels), 3072), key: labels, b"batch_label": b"a part"}


def cifar10_batches():
    batches = {f"data_batch_{part}": cifar_batch(part, [part, 9]) for part in range(1, 6)}
    return batches | {"test_batch": cifar_batch(6, [3])}


def write_cifar10(path):
    batches = cifar10_batches()
    files = {f"cifar-10-batches-py/{n}": published_pickle(b) for n, b in batches.items()}
    write_archive(path, files)
    return batches


def write_folder(folder, batches):
    folder.mkdir(parents=True)
    for name, batch in batches.items():
        (folder / name).write_bytes(published_pickle(batch))


def write_cifar100_folder(datasets):
    batches = {name: cifar_batch(i, [99, 0], b"fine_labels") for i, name in enumerate(SPLITS)}
    batches["train"][b"coarse_labels"] = [19, 3]
    write_folder(datasets / "cifar-100-python-target" / "cifar-100-python", batches)


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


def test_a_test_image_that_is_a_training_image_too_is_noted(datasets):
    arrays = write_mnist(datasets)
    arrays["x_test"][1] = arrays["x_train"][5]  # both are twos
    np.savez(datasets / "mnist.npz", **arrays)
    (note,) = SOURCE.load(Request("mnist")).notes
    assert note.startswith("1 image occurs in more than one of the given splits, for example")


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


@pytest.mark.parametrize(
    "folder", ["cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"]
)
def test_cifar10_is_read_from_the_folder_that_each_keras_unpacks_to(datasets, folder):
    write_folder(datasets / folder, cifar10_batches())
    unpacked = SOURCE.load(Request("cifar10"))
    stamp = SOURCE.fingerprint(Request("cifar10"))
    os.utime(datasets / folder / "data_batch_3", (0, 0))
    assert SOURCE.fingerprint(Request("cifar10")) != stamp
    write_cifar10(datasets / "cifar-10-python.tar.gz")
    packed = SOURCE.load(Request("cifar10"))
    assert np.array_equal(unpacked.images, packed.images)
    assert np.array_equal(unpacked.labels, packed.labels)


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

    files = {"cifar-10-batches-py/data_batch_1": pickle.dumps({"data": Evil()}, 2)}
    write_archive(datasets / "cifar-10-batches-py-target_archive", files)
    with pytest.raises(DataError, match=r"damaged.*mkdir"):
        SOURCE.load(Request("cifar10"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"cbuiltins\neval\n(S'1'\ntR.", "names builtins.eval"),
        # numpy.ndarray((1,), "O", eight bytes): an array that points anywhere in memory.
        (b"cnumpy\nndarray\n((K\1tS'O'\nS'AAAAAAAA'\ntR.", "no pickled batch"),
        (b"cnumpy\nndarray\nS'\x7f'\nb.", "no pickled batch"),
        (b"cnumpy.core.multiarray\n_reconstruct\n(tR.", "holds a _Array"),
        (pickle.dumps({b"data": np.array([None])}, 3), "unsigned bytes"),
        (pickle.dumps({b"data": np.zeros((2, 3072))}, 3), "unsigned bytes"),
        (pickle.dumps({b"data": [1, 2], b"labels": [0]}, 3), "pixels are no array"),
        (published_pickle({b"labels": [1]}), "data"),
        (pickle.dumps([1], 2), "holds a list"),
        (b"", "no pickled batch"),
        (b"<html>", "no pickled batch"),
    ],
)
def test_only_bytes_and_plain_values_are_taken_from_a_cifar_file(datasets, written, said):
    folder = datasets / "cifar-10-batches-py"
    write_folder(folder, cifar10_batches())
    (folder / "data_batch_2").write_bytes(written)
    with pytest.raises(DataError, match=f"damaged.*{said}"):
        SOURCE.load(Request("cifar10"))


LOAD_WITH_KERAS = """
import sys
from pathlib import Path
import numpy as np
from keras.src.datasets import cifar, cifar100, fashion_mnist, mnist

datasets = Path(sys.argv[1])
# The generated files are not the published ones, whose hashes Keras checks here.
mnist.get_file = lambda fname, **_: str(datasets / fname)
cifar100.get_file = lambda fname, **_: str(datasets / fname)
loaded = {
    "mnist": mnist.load_data(),
    "fashion_mnist": fashion_mnist.load_data(),
    "cifar100": cifar100.load_data(),
}
# keras.datasets.cifar10 takes no batch of other than 10,000 images; its reader of a batch does.
folder = datasets / "cifar-10-batches-py-target" / "cifar-10-batches-py"
batches = [cifar.load_batch(folder / f"data_batch_{part}") for part in range(1, 6)]
batches.append(cifar.load_batch(folder / "test_batch"))
loaded["cifar10"] = [(images.transpose(0, 2, 3, 1), labels) for images, labels in batches]
arrays = {}
for name, parts in loaded.items():
    arrays[f"{name}_images"] = np.concatenate([images for images, _ in parts])
    arrays[f"{name}_labels"] = np.concatenate([np.reshape(labels, -1) for _, labels in parts])
    arrays[f"{name}_test"] = len(parts[-1][0])
np.savez(sys.argv[2], **arrays)
"""


@pytest.mark.skipif(not all(map(find_spec, ("keras", "torch"))), reason="needs keras and torch")
def test_keras_reads_the_same_from_the_same_files(datasets, tmp_path):
    write_mnist(datasets)
    write_fashion(datasets)
    write_cifar100_folder(datasets)
    write_folder(datasets / "cifar-10-batches-py-target" / "cifar-10-batches-py", cifar10_batches())
    subprocess.run(
        [sys.executable, "-c", LOAD_WITH_KERAS, datasets, tmp_path / "keras.npz"],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        check=True,
    )
    with np.load(tmp_path / "keras.npz") as keras:
        for name in DATASETS:
            ours = SOURCE.load(Request(name))
            theirs = keras[f"{name}_images"]
            assert np.array_equal(ours.images, theirs.reshape(ours.images.shape)), name
            assert np.array_equal(ours.labels, keras[f"{name}_labels"]), name
            assert len(ours.fixed["test"]) == keras[f"{name}_test"], name


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
        ("MNIST", r"no source 'keras:MNIST'; did you mean 'keras:mnist'\?"),
        ("minst", r"did you mean 'keras:mnist'\? after the colon one of mnist, "),
        ("", "no source 'keras:'; after the colon one of mnist, fashion_mnist, cifar10, cifar100"),
    ],
)
def test_an_unknown_data_set_is_named_with_what_is_known(argument, said):
    with pytest.raises(DataError, match=said):
        SOURCE.facts(Request(argument))


@pytest.mark.parametrize("content", [b"<html>Not found</html>", b"", "objects", "others"])
def test_a_damaged_archive_is_not_answered_with_the_advice_to_unpickle_it(datasets, content):
    if isinstance(content, bytes):
        (datasets / "mnist.npz").write_bytes(content)
    else:
        name = "x_train" if content == "objects" else "images"
        np.savez(datasets / "mnist.npz", **{name: np.array([{}], dtype=object)})
    with pytest.raises(DataError, match=r"damaged.*delete it") as caught:
        SOURCE.load(Request("mnist"))
    assert "pickle" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"<html>Not found</html>",
        lambda content: b"",
        lambda content: gzip.compress(b"\0\0\x08"),
        lambda content: gzip.compress(b"\0\0\x08\x03\0\0"),
    ],
    ids=["cut", "another file", "empty", "only a start", "half a header"],
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


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("x_train", np.full((6, 28, 28), 0.9), "x_train is float64; expected is uint8"),
        ("y_test", np.array([0.5, 1, 2]), "y_test is float64"),
        ("y_test", np.array([[7], [2], [1]]), r"labels of shape \(3, 1\)"),
        ("y_test", np.array([7, 2]), r"images of shape \(3, 28, 28, 1\) for labels"),
    ],
)
def test_other_values_than_the_published_kind_are_refused(datasets, name, array, said):
    np.savez(datasets / "mnist.npz", **{**write_mnist(datasets), name: array})
    with pytest.raises(DataError, match=said):
        SOURCE.load(Request("mnist"))


def test_a_changed_file_is_told_from_the_one_before_and_the_same_file_is_not(datasets):
    arrays = write_mnist(datasets)
    first = SOURCE.fingerprint(Request("mnist"))
    assert SOURCE.fingerprint(Request("mnist")) == first
    arrays["x_train"][0] = 0
    np.savez_compressed(datasets / "mnist.npz", **arrays)
    assert SOURCE.fingerprint(Request("mnist")) != first
