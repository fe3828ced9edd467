"""Reading the pickles in which CIFAR is published, so that nothing in them can run."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

_MALFORMED = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    TypeError,
    ValueError,
)
"""What the standard library raises for a pickle that is cut off or makes no sense."""


def read_pickle(file: IO[bytes]) -> Mapping[bytes, Any]:
    """A dictionary of plain values and arrays of bytes. Raises ValueError for anything else."""
    try:
        content = _BatchUnpickler(file, encoding="bytes").load()
    except _MALFORMED as error:
        raise ValueError(f"it is no pickled batch: {error}") from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise ValueError(f"it is no pickled batch: it holds a {kind}")  # noqa: TRY004 - as promised
    return {
        key: value.values if isinstance(value, _Array) else value for key, value in content.items()
    }


class _Type:
    """Stands for numpy.dtype; its state says nothing that matters for bytes."""

    def __init__(self, code: str | bytes, *_: object) -> None:
        self.is_byte = code in {"u1", b"u1"}

    def __setstate__(self, state: object) -> None:
        pass


class _Array:
    """Stands for an array while it is read."""

    def __init__(self, *_: object) -> None:
        self.values: NDArray[np.uint8] = np.empty(0, np.uint8)

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Type, bool, bytes]) -> None:
        _, shape, dtype, fortran, content = state
        if not (isinstance(dtype, _Type) and dtype.is_byte):
            raise pickle.UnpicklingError("an array is not of unsigned bytes")
        self.values = np.frombuffer(content, np.uint8).reshape(shape, order="F" if fortran else "C")


class _BatchUnpickler(pickle.Unpickler):
    """Gives stand-ins for the names that an array needs, and refuses every other name.

    NumPy's own would not be safe: `numpy.ndarray` takes bytes for an array of object pointers.
    """

    _STAND_INS: ClassVar[Mapping[tuple[str, str], Any]] = {
        ("numpy", "ndarray"): None,  # only passed on to _reconstruct
        ("numpy", "dtype"): _Type,
        ("numpy.core.multiarray", "_reconstruct"): _Array,
        ("numpy._core.multiarray", "_reconstruct"): _Array,  # written with NumPy 2
    }

    def find_class(self, module: str, name: str) -> Any:
        """Called for everything that a pickle names."""
        if (module, name) not in self._STAND_INS:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no array needs")
        return self._STAND_INS[module, name]
