"""From the files of each layout to arrays."""

from __future__ import annotations

import gzip
import pickle
import struct
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnbench_keras._data.catalog import Dataset


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
        if images.shape != (len(labels), *dataset.shape) or not len(labels):
            raise ValueError(f"images of shape {images.shape} for {len(labels)} labels")
        if labels.min() < 0 or labels.max() >= len(dataset.classes):
            raise ValueError(f"labels outside 0..{len(dataset.classes) - 1}")
    return splits


def _npz(paths: Sequence[Path]) -> Splits:
    with np.load(paths[0], allow_pickle=False) as arrays:
        train, test = (
            Split(
                np.asarray(arrays[f"x_{name}"], np.uint8)[..., None],
                np.asarray(arrays[f"y_{name}"], np.int32),
            )
            for name in ("train", "test")
        )
    return train, test


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
    with tarfile.open(paths[0]) as archive:
        parts = [_cifar(archive, f"data_batch_{part}", b"labels") for part in range(1, 6)]
        train = Split(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
        return train, _cifar(archive, "test_batch", b"labels")


def _cifar100(paths: Sequence[Path]) -> Splits:
    with tarfile.open(paths[0]) as archive:
        train, test = (_cifar(archive, name, b"fine_labels") for name in ("train", "test"))
    return train, test


def _cifar(archive: tarfile.TarFile, name: str, labels: bytes) -> Split:
    """A batch: rows of 1,024 red, 1,024 green and 1,024 blue values, row-major 32x32 each."""
    member = next((m for m in archive if m.isfile() and Path(m.name).name == name), None)
    file = member and archive.extractfile(member)
    if not file:
        raise ValueError(f"the archive holds no file {name}")
    batch = _ArrayUnpickler(file, encoding="bytes").load()
    pixels = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32)
    return Split(
        np.ascontiguousarray(pixels.transpose(0, 2, 3, 1)), np.asarray(batch[labels], np.int32)
    )


class _ArrayUnpickler(pickle.Unpickler):
    """Reads the pickles in which CIFAR is published, and nothing in them can run.

    Only what rebuilds an array can be named; every other class or function is refused.
    """

    _ALLOWED = frozenset(
        {
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("_codecs", "encode"),
        }
    )

    def __init__(self, file: IO[bytes], *, encoding: str) -> None:
        super().__init__(file, encoding=encoding)

    def find_class(self, module: str, name: str) -> Any:
        """Called for everything that a pickle names."""
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no array needs")
        # NumPy renamed this module in version 2.
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)
