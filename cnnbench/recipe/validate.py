"""Validating settings against a model: one problem per key, at the line it was written."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from cnnbench.errors import Problem
from cnnbench.recipe.explain import explain
from cnnbench.recipe.setting import Key, Settings, dotted, nest

M = TypeVar("M", bound=BaseModel)
LARGEST = 3.4e38
"""Of float32; what is larger would be infinite there."""


@dataclass(frozen=True, slots=True)
class Validated(Generic[M]):
    """value: None where there are problems."""

    value: M | None
    problems: tuple[Problem, ...]


def validate(model: type[M], settings: Settings) -> Validated[M]:
    """The settings as a value of the model, or every problem with them.

    A key that is missing is a problem of no file and line; the caller knows where it belongs.
    """
    words = {key: _impossible(setting.value) for key, setting in settings.items()}
    wrong = {key: word for key, word in words.items() if word}
    problems = [settings[key].problem(dotted(key), word) for key, word in wrong.items()]
    left = {key: setting for key, setting in settings.items() if key not in wrong}
    try:
        value = model.model_validate_json(json.dumps(nest(left)))
    except ValidationError as error:
        # That an impossible value leaves its key missing is no second problem.
        found = explain(model, left, error)
        problems += [problem for problem, key in found if not _below(key, wrong)]
        return Validated(None, tuple(problems))
    return Validated(None if problems else value, tuple(problems))


def _below(key: Key, wrong: Collection[Key]) -> bool:
    """Whether a key is wrong or stands in a table that is."""
    return any(key[:depth] in wrong for depth in range(1, len(key) + 1))


def _impossible(value: Any) -> str:
    """Why a value can stand nowhere in a recipe, "" if it can."""
    message = ""
    match value:
        case float() if not math.isfinite(value):
            message = f"{value} is not a number to compute with: give a finite one"
        case float() if abs(value) > LARGEST:
            message = f"{value} is more than networks compute with: give one up to {LARGEST}"
        case dt.date() | dt.time():
            message = f"got {value} (a date or time), which no key takes; text goes in quotes"
        case str() if not _is_unicode(value):
            message = f"got {value!r}, which is not text in UTF-8"
        case list():
            message = next(filter(None, map(_impossible, value)), "")
        case dict():
            message = next(filter(None, map(_impossible, value.values())), "")
    return message


def _is_unicode(text: str) -> bool:
    """Not so for bytes of the command line that could not be decoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
