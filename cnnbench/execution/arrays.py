"""Arrays as JSON values."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack_array(array: NDArray[Any] | None) -> dict[str, Any] | None:
    """An array by its type, shape, and little-endian bytes in base64."""
    if array is None:
        return None
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {
        "dtype": little.dtype.str,
        "shape": little.shape,
        "data": base64.b64encode(little.tobytes()).decode(),
    }


def unpack_array(content: Mapping[str, Any] | None) -> NDArray[Any] | None:
    """The array that `pack_array` packed."""
    if content is None:
        return None
    data = base64.b64decode(content["data"])
    return np.frombuffer(data, content["dtype"]).reshape(content["shape"])
