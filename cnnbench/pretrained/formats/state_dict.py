"""PyTorch's state dicts, read without PyTorch and without running anything that they name.

Both layouts: the archive that `torch.save` writes since version 1.6, and pickles one after another
with the numbers behind them from before.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.errors import PretrainedError
from cnnbench.pretrained.formats.stored import Content, StoredArray, blaming, grouped

MAGIC = (0x1950A86A20F9469CFC6C).to_bytes(10, "little")
START = 32
"""Bytes at the start of an older file that hold its number, pickled."""
TYPES: Mapping[str, tuple[str, int]] = {
    "DoubleStorage": ("<f8", 8),
    "FloatStorage": ("<f4", 4),
    "HalfStorage": ("<f2", 2),
    "BFloat16Storage": ("bfloat16", 2),
    "LongStorage": ("<i8", 8),
    "IntStorage": ("<i4", 4),
    "ShortStorage": ("<i2", 2),
    "CharStorage": ("i1", 1),
    "ByteStorage": ("u1", 1),
    "BoolStorage": ("?", 1),
}
"""NumPy's type and the bytes of a number, by PyTorch's name."""
NESTED = ("state_dict", "model_state_dict", "model", "state_dict_ema", "model_ema")
"""Keys below which training scripts keep a state dict."""
FAULTS = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    OSError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    TypeError,
    ValueError,
    MemoryError,
)

Numbers = Callable[["_Storage", int, int], NDArray[Any]]
"""Reads so many numbers of a storage from a place on."""


@dataclass(frozen=True, slots=True)
class _Storage:
    """Numbers in the file. size: how many there are."""

    kind: str
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage, its strides in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, numbers: Numbers) -> NDArray[Any]:
        """Its values."""
        extent = 1 + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        if 0 in self.shape:
            extent = 0
        flat = numbers(self.storage, self.offset, extent)
        steps = [s * flat.itemsize for s in self.strides]
        return np.lib.stride_tricks.as_strided(flat, self.shape, steps, writeable=False)


@contextmanager
def open_state_dict(path: Path) -> Iterator[Content]:
    """The content of a file, readable until the context ends.

    Raises PretrainedError where it is damaged, or holds more than numbers by name: a whole model
    can only be loaded by running what it names, which is refused.
    """
    with ExitStack() as stack:
        with blaming(path, "a state dict of PyTorch", *FAULTS):
            file = stack.enter_context(path.open("rb"))
            if zipfile.is_zipfile(file):
                content = _newer(stack.enter_context(zipfile.ZipFile(file)), path)
            else:
                content = _older(file, path)
        yield content


def _newer(archive: zipfile.ZipFile, path: Path) -> Content:
    (pickled,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
    folder = pickled.removesuffix("data.pkl")
    with archive.open(pickled) as file:
        found = _load(file, path)

    def numbers(storage: _Storage, offset: int, count: int) -> NDArray[Any]:
        with archive.open(f"{folder}data/{storage.key}") as data:
            data.seek(offset * TYPES[storage.kind][1])
            return _decoded(data, storage.kind, count)

    return _content(found, numbers, path)


def _older(file: IO[bytes], path: Path) -> Content:
    # Before anything is unpickled: of other content a line or a string may have gigabytes.
    file.seek(0)
    is_one = MAGIC in file.read(START)
    file.seek(0)
    if not is_one or _load(file, path) != int.from_bytes(MAGIC, "little"):
        raise ValueError("it does not begin as such files do")
    _load(file, path)
    _load(file, path)
    found = _load(file, path)
    keys = _load(file, path)
    storages = {x.storage.key: x.storage for x in _tensors(found, path).values()}
    places: dict[str, int] = {}
    for key in keys:
        size = int.from_bytes(file.read(8), "little")
        places[key] = file.tell()
        kind = storages[key].kind if key in storages else "FloatStorage"
        file.seek(size * TYPES[kind][1], 1)

    def numbers(storage: _Storage, offset: int, count: int) -> NDArray[Any]:
        file.seek(places[storage.key] + offset * TYPES[storage.kind][1])
        return _decoded(file, storage.kind, count)

    return _content(found, numbers, path)


def _decoded(file: IO[bytes], kind: str, count: int) -> NDArray[Any]:
    code, size = TYPES[kind]
    data = file.read(count * size)
    if len(data) != count * size:
        raise ValueError("it ends before its arrays do")
    if code != "bfloat16":
        return np.frombuffer(data, code)
    # The upper half of a float32.
    return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")


def _content(found: object, numbers: Numbers, path: Path) -> Content:
    arrays = [
        StoredArray(name, tensor.shape, partial(tensor.read, numbers))
        for name, tensor in _tensors(found, path).items()
    ]
    return Content(grouped(arrays), "torch")


def _tensors(found: object, path: Path) -> dict[str, _Tensor]:
    inner = found
    for key in NESTED:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            inner = found[key]
            break
    if not isinstance(inner, dict) or not any(isinstance(x, _Tensor) for x in inner.values()):
        raise PretrainedError(
            f"{path} holds no state dict, that is, no arrays by name: save "
            "`model.state_dict()` with torch.save",
            "weights",
        )
    tensors = {str(name): x for name, x in inner.items() if isinstance(x, _Tensor)}
    for name, tensor in tensors.items():
        _check(name, tensor)
    return tensors


def _check(name: str, tensor: _Tensor) -> None:
    numbers = (tensor.offset, *tensor.shape, *tensor.strides)
    if len(tensor.shape) != len(tensor.strides) or any(x < 0 for x in numbers):
        raise ValueError(f"the shape of {name} makes no sense")
    last = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    if prod(tensor.shape) and tensor.offset + last >= tensor.storage.size:
        raise ValueError(f"{name} is larger than its numbers")


def _tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("an array has no numbers")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _parameter(tensor: _Tensor, *_: object) -> _Tensor:
    return tensor


def _load(file: IO[bytes], path: Path) -> Any:
    return _Unpickler(file, path).load()


class _Unpickler(pickle.Unpickler):
    """Gives stand-ins for the names that a state dict needs, and refuses every other name."""

    STAND_INS: ClassVar[Mapping[tuple[str, str], Any]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        ("torch._utils", "_rebuild_parameter"): _parameter,
        **{("torch", kind): kind for kind in TYPES},
    }

    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__(file, encoding="utf-8")
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        """Called for everything that a pickle names."""
        if (module, name) not in self.STAND_INS:
            raise PretrainedError(
                f"{self._path} names {module}.{name}, and loading it would run code: save "
                "`model.state_dict()` with torch.save, which holds arrays alone",
                "weights",
            )
        return self.STAND_INS[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        """Called for the numbers of each array."""
        word, kind, key, _, size, *_ = pid
        if word != "storage" or kind not in TYPES:
            raise pickle.UnpicklingError(f"it refers to {word!r}")
        return _Storage(kind, str(key), int(size))
