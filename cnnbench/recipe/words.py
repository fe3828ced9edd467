"""The words of error messages: what a value is, what a key takes."""

from __future__ import annotations

import datetime as dt
import json
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cnnbench.recipe.texts import PATTERNS

LONGEST = 70
"""Characters of a value that a message shows."""

KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a truth value"),  # before int, whose subclass it is
    (int, "a whole number"),
    (float, "a decimal number"),
    (str, "text"),
    (list, "a list"),
    (dict, "a table"),
    ((dt.date, dt.time), "a date or time"),
)
NUMBERS = {2: "two", 3: "three", 4: "four"}


def show(value: Any) -> str:
    """A value as TOML has it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    return next((word for kind, word in KINDS if isinstance(value, kind)), type(value).__name__)


def expected(annotation: Any, constraints: Sequence[Any] = ()) -> str:
    """What values a type takes, in words: "a whole number of at least 1"."""
    if get_origin(annotation) is not None:
        return _expected_compound(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        names = (field.alias or name for name, field in annotation.model_fields.items())
        return f"a table with keys among {', '.join(names)}"
    words = {bool: "true or false", str: "text in quotes", int: "a whole number", float: "a number"}
    return words[annotation] + _bounds(constraints)


def _expected_compound(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return expected(arguments[0], _unpack(arguments[1:]))
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin is tuple:
        count = "" if arguments[-1] is Ellipsis else f" of {NUMBERS[len(arguments)]} values"
        return f"a list{count}, each {expected(arguments[0])}"
    assert origin in (Union, types.UnionType), f"no words for {annotation}"
    return _either([part for part in arguments if part is not type(None)])


def expected_of(field: FieldInfo) -> str:
    """What values a field takes, in words."""
    return expected(field.annotation, field.metadata)


def _either(parts: Sequence[Any]) -> str:
    models = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    if len(models) == 1:  # a table that may be left out
        return f"a table of {' and '.join(models[0].model_fields)}"
    if models:
        types_ = ", ".join(model.model_fields["type"].default for model in models)
        return f"a table whose type is one of {types_}"
    return ", or ".join(expected(part) for part in parts)


def _unpack(metadata: Sequence[Any]) -> list[Any]:
    """The constraints in the extra arguments of an Annotated."""
    constraints: list[Any] = []
    for item in metadata:
        constraints += item.metadata if isinstance(item, FieldInfo) else [item]
    return constraints


def _bounds(constraints: Sequence[Any]) -> str:
    words: list[str] = []
    limits: dict[str, Any] = {}
    for constraint in constraints:
        match constraint:
            case annotated_types.Ge(ge=low):
                limits["ge"] = low
            case annotated_types.Le(le=high):
                limits["le"] = high
            case annotated_types.Gt(gt=low):
                words.append(f"above {low}")
            case annotated_types.Lt(lt=high):
                words.append(f"below {high}")
            case annotated_types.MaxLen(max_length=most):
                words.append(f"of at most {most} characters")
            case object(pattern=str(pattern)):
                words.insert(0, PATTERNS[pattern])
    words = [*_range(limits), *words]
    return f" {' and '.join(words)}" if words else ""


def _range(limits: Mapping[str, Any]) -> list[str]:
    match limits:
        case {"ge": low, "le": high}:
            return [f"from {low} to {high}"]
        case {"ge": low}:
            return [f"of at least {low}"]
        case {"le": high}:
            return [f"up to {high}"]
    return []
