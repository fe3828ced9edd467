"""Which reader a file takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from cnnbench.errors import PretrainedError
from cnnbench.pretrained.formats.hdf5 import open_hdf5, open_keras
from cnnbench.pretrained.formats.npz import open_npz
from cnnbench.pretrained.formats.safe_tensors import open_safetensors
from cnnbench.pretrained.formats.state_dict import open_state_dict
from cnnbench.pretrained.formats.stored import Content

Reader = Callable[[Path], AbstractContextManager[Content]]

READERS: Mapping[str, Reader] = {
    ".h5": open_hdf5,
    ".hdf5": open_hdf5,
    ".keras": open_keras,
    ".safetensors": open_safetensors,
    ".pt": open_state_dict,
    ".pth": open_state_dict,
    ".npz": open_npz,
}
"""By how a file's name ends."""


@contextmanager
def open_content(path: Path) -> Iterator[Content]:
    """What a file holds, readable until the context ends.

    Raises PretrainedError where there is no such file, or it is none that can be read.
    """
    reader = reader_of(path)
    if path.is_dir():
        raise PretrainedError(f"{path} is a folder, not a file of arrays", "weights")
    if not path.exists():
        raise PretrainedError(f"there is no file {path}", "weights")
    if not path.stat().st_size:
        raise PretrainedError(f"{path} is empty: get it again", "weights")
    with reader(path) as content:
        yield content


def reader_of(path: Path) -> Reader:
    """The reader of a file. Raises PretrainedError where there is none for its name."""
    if path.suffix.lower() not in READERS:
        raise PretrainedError(
            f"{path} is of no known format: the name of a file of arrays ends in "
            f"{', '.join(READERS)}",
            "weights",
        )
    return READERS[path.suffix.lower()]
