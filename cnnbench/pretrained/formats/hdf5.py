"""Keras's HDF5 files: `.weights.h5`, what lies in a `.keras` archive, and the older `.h5`."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cnnbench.pretrained.formats.stored import FAULTS, Content, StoredArray, StoredLayer, blaming

NUMBERED = re.compile(r"(.*?)(?:_(\d+))?")
INSIDE = "model.weights.h5"


@contextmanager
def open_hdf5(path: Path) -> Iterator[Content]:
    """The content of a file, readable until the context ends.

    Raises PretrainedError where it is damaged or holds no arrays.
    """
    import h5py

    with ExitStack() as stack:
        with blaming(path, "HDF5", *FAULTS):
            content = _content(stack.enter_context(h5py.File(path, "r")))
        yield content


@contextmanager
def open_keras(path: Path) -> Iterator[Content]:
    """The same for a whole model as Keras saves it; nothing but its arrays is looked at."""
    import h5py

    with ExitStack() as stack:
        with blaming(path, "an archive of Keras", *FAULTS):
            archive = stack.enter_context(zipfile.ZipFile(path))
            inside = stack.enter_context(archive.open(INSIDE))
            content = _content(stack.enter_context(h5py.File(inside, "r")))
        yield content


def _content(file: Any) -> Content:
    root = file.get("model_weights", file)
    if "layer_names" in root.attrs or "layer_names0" in root.attrs:
        return Content(tuple(_older(root)))
    return _newer(root)


def _older(root: Any) -> Iterator[StoredLayer]:
    """Layers in the order of Keras's model; those of a model inside it are told apart by name."""
    for name in _names(root, "layer_names"):
        group = root[name]
        inner: dict[str, list[StoredArray]] = {}
        for weight in _names(group, "weight_names"):
            parent = weight.split("/")[-2] if "/" in weight else name
            inner.setdefault(parent, []).append(_array(f"{name}/{weight}", group[weight]))
        alone = len(inner) == 1
        for parent, arrays in inner.items():
            yield StoredLayer(name if alone else parent, tuple(arrays))


def _names(group: Any, key: str) -> list[str]:
    """A list of names, which HDF5 makes Keras cut into pieces if it is long."""
    found: list[Any] = list(group.attrs.get(key, ()))
    piece = 0
    while f"{key}{piece}" in group.attrs:
        found += list(group.attrs[f"{key}{piece}"])
        piece += 1
    return [x.decode() if isinstance(x, bytes) else str(x) for x in found]


def _newer(root: Any) -> Content:
    """The model with most arrays; a file may hold one inside another, and an optimiser's state."""
    models = list(_models(root))
    if not models:
        return Content(())
    layers = max(models, key=lambda found: sum(len(x.arrays) for x in found))
    return Content(tuple(layers), by_kind=True)


def _models(group: Any) -> Iterator[list[StoredLayer]]:
    container = group.get("layers")
    if not hasattr(container, "keys"):
        return
    layers = []
    for key in sorted(container, key=_place):
        inner = container[key]
        variables = inner.get("vars") if hasattr(inner, "get") else None
        if variables is not None and len(variables):
            arrays = [_array(f"{key}/{x}", variables[x]) for x in sorted(variables, key=int)]
            # Older Keras 3 writes no names; keys count the layers of a type, named or not.
            name = variables.attrs.get("name", "")
            layers.append(StoredLayer(str(name), tuple(arrays), kind=_place(key)[0]))
        elif hasattr(inner, "get"):
            yield from _models(inner)
    yield layers


def _place(key: str) -> tuple[str, int]:
    """Of "conv2d_10": what comes before the number, and that."""
    match = NUMBERED.fullmatch(key)
    assert match is not None
    return match[1], int(match[2] or 0)


def _array(name: str, dataset: Any) -> StoredArray:
    return StoredArray(name, tuple(dataset.shape), lambda: np.asarray(dataset))
