"""Python values as TOML has them, for overrides that are not typed but passed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnbench.errors import Problem, RecipeError


def override_text(key: str, value: Any) -> str:
    """KEY=VALUE, as typed after --set.

    value: what TOML has, as well as NumPy's numbers and arrays, and paths. Raises RecipeError for
    anything else.
    """
    try:
        return f"{key}={_toml(value)}"
    except TypeError as error:
        raise RecipeError([Problem(key, str(error), "overrides")]) from None


def _toml(value: Any) -> str:
    match value:
        case bool() | int() | float():
            return json.dumps(value).lower().replace("infinity", "inf")
        case str():
            # JSON leaves the one control character as it is that TOML wants escaped.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case os.PathLike():
            return _toml(os.fspath(value))
        case np.generic() | np.ndarray():
            return _toml(value.tolist())
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            pairs = (f"{_toml(str(key))} = {_toml(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
        case None:
            raise TypeError("got None, which no key has; leave it out to keep the recipe's value")
    raise TypeError(f"got a value of type {type(value).__name__}, which a recipe can't hold")
