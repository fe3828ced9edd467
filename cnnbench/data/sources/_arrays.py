"""Archives of NumPy arrays from elsewhere: opened, looked into, and refused in a sentence."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.splits.classes import composed
from cnnbench.errors import DataError, meant

OF_OTHER_KIND = frozenset(
    {*(".npy", ".h5", ".hdf5", ".parquet", ".csv", ".mat", ".pkl", ".pt", ".gz"), ""}
)
"""Extensions of files that hold arrays, but not as an .npz archive."""
LONGEST_LABEL = 200
"""Characters of a class's name."""
MOST_LABEL_BYTES = 256 * 2**20
MOST_BYTES = 8 * 2**30
"""What an array may claim to hold: more is a decompression bomb rather than small images."""


@contextmanager
def open_arrays(path: Path, expected: str) -> Iterator[zipfile.ZipFile]:
    """An archive of arrays. expected: what should be in it, for errors. Raises DataError."""
    with reading(path, expected):
        if path.is_dir():
            raise DataError(f"{path} is a folder{meant([f'folder:{path}'])}", "source")
        if path.exists() and not path.is_file():  # a named pipe would never end
            raise DataError(f"{path} is not a regular file; {expected} in an .npz file", "source")
        if path.is_file() and not path.stat().st_size:
            raise DataError(f"{path} is empty; {expected} in an .npz file", "source")
        with zipfile.ZipFile(path) as archive:
            yield archive


@contextmanager
def reading(path: Path, expected: str) -> Iterator[None]:
    """Turn what reading a missing, broken or foreign archive raises into a sentence."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; {expected} in an .npz file", "source") from None
    except MemoryError:
        raise DataError(f"{path} does not fit into memory", "source") from None
    except Exception as error:  # archives from elsewhere raise anything
        raise DataError(
            f"{path} can't be read as an .npz archive: {_reason(path, error)}", "source"
        ) from error


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, zipfile.BadZipFile) and path.suffix.lower() in OF_OTHER_KIND:
        made = f"numpy.savez({path.stem + '.npz'!r}, images=..., labels=...)"
        return f"{error}; read its arrays in Python and save them by {made}"
    return str(error) or type(error).__name__


def texts_of(archive: zipfile.ZipFile, name: str, count: int) -> list[str]:
    """The label of each image as text."""
    shape, dtype = header_of(archive, name)
    if shape not in {(count,), (count, 1)}:
        raise DataError(
            f"array {name} of {archive.filename} has the shape {shape} for {count:,} images; "
            f"expected is one whole number or text for each{_one_hot(shape, count)}",
            "source",
        )
    if dtype.kind not in "iubUS":
        raise DataError(
            f"array {name} of {archive.filename} is {dtype}; expected are whole numbers or text",
            "source",
        )
    letters = dtype.itemsize // {"U": 4, "S": 1}.get(dtype.kind, dtype.itemsize or 1)
    if letters > LONGEST_LABEL or count * dtype.itemsize > MOST_LABEL_BYTES:
        raise DataError(
            f"array {name} of {archive.filename} takes {dtype.itemsize:,} bytes for each label; "
            f"expected are class names of at most {LONGEST_LABEL} characters",
            "source",
        )
    labels = array_of(archive, name).reshape(-1)
    if dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8")
    return [composed(str(label)) for label in labels.tolist()]


def header_of(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array, without reading it."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        if version not in readers:
            raise ValueError(f"array {name} has the unknown format version {version}")
        shape, _, dtype = readers[version](file)
    return shape, dtype


def array_of(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """An array; nothing is unpickled."""
    with archive.open(f"{name}.npy") as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def refuse_bomb(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    """Raise DataError for an array that claims to be larger than any small data set's."""
    if math.prod(shape) * dtype.itemsize > MOST_BYTES:
        raise DataError(
            f"array {name} of {archive.filename} claims {math.prod(shape) * dtype.itemsize:,} "
            f"bytes; at most {MOST_BYTES:,} are read",
            "source",
        )


def _one_hot(shape: tuple[int, ...], count: int) -> str:
    """How to turn labels of one column a class into those asked for."""
    if len(shape) == 2 and shape[0] == count:  # noqa: PLR2004
        return "; if there is a column for each class, save labels.argmax(axis=1)"
    return ""
