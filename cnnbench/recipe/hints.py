"""What a wrong value was probably meant to be."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from cnnbench.errors import did_you_mean
from cnnbench.recipe.words import show


def hint(value: Any, field: FieldInfo) -> str:
    """How to write what a value was meant to be, after a semicolon; "" where none can guess."""
    choices = get_args(field.annotation)
    if isinstance(value, str) and choices and all(isinstance(x, str) for x in choices):
        return did_you_mean(value, choices)
    for words, reading in _readings(value):
        if _fits(reading, field):
            return f"; {words}: {show(reading)}"
    if isinstance(value, str) and value.startswith("[") and not value.endswith("]"):
        return "; the closing bracket is missing; in a shell an option with spaces goes in quotes"
    return ""


def _readings(value: Any) -> Iterator[tuple[str, Any]]:
    """Other values that this one may stand for, each after the words that tell the difference."""
    match value:
        case str():
            yield from _readings_of_text(value.strip())
        case [*items] if all(isinstance(item, str) for item in items):
            yield "write numbers without quotes", [_plain(item) for item in items]
        case [*items]:
            yield "text goes in quotes", [x if isinstance(x, str) else show(x) for x in items]
        case bool() | int() | float():
            yield "write it in brackets", [value]
            yield "write it in brackets", [value, value]
            yield "write it in brackets", [show(value)]


def _readings_of_text(text: str) -> Iterator[tuple[str, Any]]:
    if text in ("True", "False"):
        yield "write it in small letters and without quotes", text == "True"
    if not isinstance(_plain(text), str):
        yield "write it without quotes", _plain(text)
    if re.fullmatch(r"\d*[.,]\d+", text):  # TOML wants a digit before a point, and no comma
        yield "write it as a number", float(text.replace(",", "."))
    if text.endswith("%"):
        number = _plain(text[:-1].strip())
        if isinstance(number, int | float):
            yield "write it as a fraction", number / 100
    if text.startswith("[") and text.endswith("]"):
        items = _items(text[1:-1], ",")
        yield "text inside a list needs quotes too", items
    elif not text.startswith("["):
        for separator in (",", r"[x\u00d7]", r"\s"):
            items = _items(text, separator)
            yield "write it in brackets", [_plain(item) for item in items]
            yield "write it in brackets", items


def _items(text: str, separator: str) -> list[str]:
    return [item.strip() for item in re.split(separator, text) if item.strip()]


def _plain(text: str) -> Any:
    """The text as TOML has it, or itself if it is none."""
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except ValueError:
        return text


def _fits(value: Any, field: FieldInfo) -> bool:
    wanted: Any = field.annotation
    if field.metadata:
        wanted = Annotated[wanted, *field.metadata]
    try:
        TypeAdapter(wanted).validate_json(json.dumps(value, default=str), strict=True)
    except ValidationError:
        return False
    return True
