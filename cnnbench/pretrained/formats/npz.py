"""NumPy's archives of arrays, without pickled objects."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from numpy.lib import format as npy

from cnnbench.errors import PretrainedError
from cnnbench.pretrained.formats.stored import (
    FAULTS,
    Content,
    StoredArray,
    blaming,
    grouped,
    layout_of,
)


@contextmanager
def open_npz(path: Path) -> Iterator[Content]:
    """The content of a file, readable until the context ends.

    Raises PretrainedError where it is damaged or holds objects.
    """
    with ExitStack() as stack:
        with blaming(path, "an archive of NumPy", *FAULTS):
            archive = stack.enter_context(zipfile.ZipFile(path))
            arrays = [_array(archive, name, path) for name in archive.namelist()]
        yield Content(grouped(arrays), layout_of(arrays))


def _array(archive: zipfile.ZipFile, member: str, path: Path) -> StoredArray:
    name = member.removesuffix(".npy")
    with archive.open(member) as file:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, kind = header(file)
    if kind.hasobject:
        raise PretrainedError(
            f"{path} holds Python objects ({name}), which are not read since they could run code: "
            "save plain arrays",
            "weights",
        )
    return StoredArray(name, shape, partial(_read, archive, member))


def _read(archive: zipfile.ZipFile, member: str) -> Any:
    with archive.open(member) as file:
        return npy.read_array(file, allow_pickle=False)
