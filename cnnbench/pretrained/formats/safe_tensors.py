"""Files of safetensors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cnnbench.pretrained.formats.stored import (
    Content,
    StoredArray,
    blaming,
    grouped,
    layout_of,
)

PARTS = re.compile(r"(\d+)")


@contextmanager
def open_safetensors(path: Path) -> Iterator[Content]:
    """The content of a file, readable until the context ends.

    Writers sort arrays by their names, so that "features.10" stands before "features.2"; here
    numbers count as such. Raises PretrainedError where the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    faults = (SafetensorError, OSError, ValueError, TypeError)
    with ExitStack() as stack:
        with blaming(path, "safetensors", *faults):
            file = stack.enter_context(safe_open(path, framework="numpy"))
            arrays = [_array(file, name) for name in sorted(file.keys(), key=_natural)]
        yield Content(grouped(arrays), layout_of(arrays))


def _natural(name: str) -> list[tuple[int, str]]:
    """Numbers by their value, before words."""
    return [(int(x), "") if x.isdigit() else (10**18, x) for x in PARTS.split(name) if x]


def _array(file: Any, name: str) -> StoredArray:
    return StoredArray(name, tuple(file.get_slice(name).get_shape()), partial(_read, file, name))


def _read(file: Any, name: str) -> Any:
    return np.asarray(file.get_tensor(name))
