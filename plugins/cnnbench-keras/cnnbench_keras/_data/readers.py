"""From the files of each layout to arrays."""

from __future__ import annotations

import gzip
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnbench_keras._data.catalog import CIFAR10_BATCHES, CIFAR100_BATCHES, Dataset
from cnnbench_keras._data.pickled import read_pickle


class Split(NamedTuple):
    """images: uint8, (n, height, width, channels). labels: int32, (n,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]


Splits = tuple[Split, Split]
"""Training and test images."""


def read(dataset: Dataset, paths: Sequence[Path]) -> Splits:
    """Both splits. Raises OSError, EOFError, ValueError or KeyError for a file that is damaged."""
    readers: Mapping[str, Callable[[Sequence[Path]], Splits]] = {
        "npz": _npz,
        "idx": _idx,
        "cifar10": _cifar10,
        "cifar100": _cifar100,
    }
    splits = readers[dataset.layout](paths)
    for images, labels in splits:
        if images.shape != (*labels.shape, *dataset.shape) or not len(labels):
            raise ValueError(f"images of shape {images.shape} for labels of shape {labels.shape}")
        if labels.min() < 0 or labels.max() >= len(dataset.classes):
            raise ValueError(f"labels outside 0..{len(dataset.classes) - 1}")
    return splits


def _npz(paths: Sequence[Path]) -> Splits:
    if not zipfile.is_zipfile(paths[0]):  # NumPy would ask whether it may unpickle it
        raise ValueError("it is no .npz archive")
    with np.load(paths[0], allow_pickle=False) as arrays:
        train, test = (
            Split(
                _pixels(f"x_{name}", _plain(arrays, f"x_{name}")),
                _labels(f"y_{name}", _plain(arrays, f"y_{name}")),
            )
            for name in ("train", "test")
        )
    return train, test


def _plain(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """An array that holds no Python objects, which are never loaded."""
    if name not in arrays:
        raise ValueError(f"it holds no array {name}")
    try:
        return arrays[name]
    except ValueError as error:
        raise ValueError(f"its array {name} is cut, or holds Python objects") from error


def _pixels(name: str, array: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey images with an axis for their channel; floats in 0..1 would round to black."""
    if array.dtype != np.uint8:
        raise ValueError(f"{name} is {array.dtype}; expected is uint8")
    return array[..., None]


def _labels(name: str, array: NDArray[Any]) -> NDArray[np.int32]:
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} is {array.dtype}; expected are whole numbers")
    return array.astype(np.int32)


def _idx(paths: Sequence[Path]) -> Splits:
    train_images, train_labels, test_images, test_labels = (_idx_array(path) for path in paths)
    train = Split(train_images[..., None], train_labels.astype(np.int32))
    test = Split(test_images[..., None], test_labels.astype(np.int32))
    return train, test


def _idx_array(path: Path) -> NDArray[np.uint8]:
    """An array in the format of MNIST's home page.

    Two zero bytes, 8 for unsigned bytes, the number of axes, their lengths (big-endian 32-bit
    integers), the values in row-major order.
    """
    with gzip.open(path) as file:
        content = file.read()
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{path.name} holds no idx array of bytes")
    axes = content[3]
    shape = struct.unpack_from(f">{axes}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _cifar10(paths: Sequence[Path]) -> Splits:
    *parts, test = _cifar(paths[0], CIFAR10_BATCHES, b"labels")
    return Split(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True))), test


def _cifar100(paths: Sequence[Path]) -> Splits:
    train, test = _cifar(paths[0], CIFAR100_BATCHES, b"fine_labels")
    return train, test


def _cifar(path: Path, names: Sequence[str], labels: bytes) -> list[Split]:
    """Batches: rows of 1,024 red, 1,024 green and 1,024 blue values, row-major 32x32 each."""
    batches = _unpacked(path, names) if path.is_dir() else _packed(path, names)
    missing = [name for name in names if name not in batches]
    if missing:
        raise ValueError(f"it holds no file {missing[0]}")
    return [_cifar_split(batches[name], labels) for name in names]


def _cifar_split(batch: Mapping[bytes, Any], labels: bytes) -> Split:
    pixels = batch[b"data"]
    if not isinstance(pixels, np.ndarray):
        raise ValueError("its pixels are no array")  # noqa: TRY004 - as `read` promises
    images = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Split(np.ascontiguousarray(images), _labels(labels.decode(), np.asarray(batch[labels])))


def _unpacked(folder: Path, names: Sequence[str]) -> Mapping[str, Mapping[bytes, Any]]:
    batches = {}
    for name in names:
        with (folder / name).open("rb") as file:
            batches[name] = read_pickle(file)
    return batches


def _packed(path: Path, names: Sequence[str]) -> Mapping[str, Mapping[bytes, Any]]:
    """In the order of the archive: going back would decompress it from its beginning."""
    batches = {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name).name
            file = archive.extractfile(member) if member.isfile() and name in names else None
            if file is not None:
                batches[name] = read_pickle(file)
    return batches
