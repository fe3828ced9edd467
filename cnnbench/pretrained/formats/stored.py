"""What a file holds, as every reader tells it."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from cnnbench.errors import PretrainedError

Layout = Literal["keras", "torch"]
"""How axes are ordered: (height, width, in, out) and (in, out), or (out, in, height, width)."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array that is read when it is asked for. shape: as it lies in the file."""

    name: str
    shape: tuple[int, ...]
    read: Callable[[], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """Arrays that belong together: kernel and bias, or gamma, beta, mean and variance.

    kind: the type of layer where the file says it ("conv2d"), else "".
    """

    name: str
    arrays: tuple[StoredArray, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """The layers of a file, in its order. layout: of its arrays.

    by_kind: only layers of one kind stand in the order in which the network has them.
    """

    layers: tuple[StoredLayer, ...]
    layout: Layout = "keras"
    by_kind: bool = False


ORDER = {
    part: place
    for place, parts in enumerate(
        (
            ("kernel", "depthwise_kernel"),
            ("gamma", "weight", "pointwise_kernel"),
            ("beta", "bias"),
            ("mean", "moving_mean", "running_mean"),
            ("variance", "moving_variance", "running_var"),
        )
    )
    for part in parts
}
"""Where an array stands in its layer, by the part of its name that says what it is."""


def grouped(arrays: Iterable[StoredArray]) -> tuple[StoredLayer, ...]:
    """Arrays called "layer/kernel" or "layer.weight" by layer, in the order of first appearance.

    What is no part of a layer, like counts of batches, is left out.
    """
    layers: dict[str, dict[int, StoredArray]] = {}
    for array in arrays:
        name, _, part = array.name.replace("/", ".").rpartition(".")
        place = ORDER.get(part.removesuffix(":0"))
        if place is not None:
            layers.setdefault(name, {})[place] = array
    return tuple(
        StoredLayer(name, tuple(found[place] for place in sorted(found)))
        for name, found in layers.items()
    )


def layout_of(arrays: Iterable[StoredArray]) -> Layout:
    """PyTorch's where kernels are called "weight", Keras's otherwise."""
    torch = any(array.name.endswith(".weight") for array in arrays)
    return "torch" if torch else "keras"


FAULTS = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    RuntimeError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the libraries that read files raise for those that are damaged."""


@contextmanager
def blaming(path: object, what: str, *errors: type[BaseException]) -> Iterator[None]:
    """Turn what a library raises for a file into one sentence about it."""
    try:
        yield
    except errors as error:
        first = str(error).strip().splitlines()
        why = f" ({first[0][:200]})" if first else ""
        raise PretrainedError(
            f"{path} can't be read as {what}{why}: it is damaged, or of another format than its "
            "name says; get it again",
            "weights",
        ) from error
