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


@dataclass(frozen=True, slots=True)
class Validated(Generic[M]):
    """value: of the settings without the wrong ones, None if they can't do without.

    wrong: the keys with problems.
    """

    value: M | None
    problems: tuple[Problem, ...]
    wrong: frozenset[Key]


def validate(model: type[M], settings: Settings) -> Validated[M]:
    """The settings as a value of the model, and every problem with them.

    A key that is missing is a problem of no file and line; the caller knows where it belongs.
    """
    left = dict(settings)
    problems: list[Problem] = []
    wrong: set[Key] = set()
    for key, setting in settings.items():
        word = _impossible(setting.value)
        if word:
            problems.append(setting.problem(dotted(key), word))
            wrong.add(key)
            del left[key]
    while True:
        try:
            value = model.model_validate_json(json.dumps(nest(left)))
        except ValidationError as error:
            found = explain(model, left, error)
        else:
            return Validated(value, tuple(problems), frozenset(wrong))
        # A wrong value that was taken out may leave its key missing, or one below it: that is no
        # second problem.
        problems += [problem for problem, key in found if not _below(key, wrong)]
        bad = {key for _, key in found}
        wrong |= bad
        if not bad & set(left):
            return Validated(None, tuple(problems), frozenset(wrong))
        left = {key: setting for key, setting in left.items() if key not in bad}


def _below(key: Key, wrong: Collection[Key]) -> bool:
    """Whether a key is wrong or stands in a table that is."""
    return any(key[:depth] in wrong for depth in range(1, len(key) + 1))


def _impossible(value: Any) -> str:
    """Why a value can stand nowhere in a recipe, "" if it can."""
    match value:
        case float() if not math.isfinite(value):
            return f"{value} is not a number to compute with: give a finite one"
        case dt.date() | dt.time():
            return f"got {value} (a date or time), which no key takes; text goes in quotes"
        case str() if not _is_unicode(value):
            return f"got {value!r}, which is not text in UTF-8"
        case list():
            return next(filter(None, map(_impossible, value)), "")
        case dict():
            return next(filter(None, map(_impossible, value.values())), "")
    return ""


def _is_unicode(text: str) -> bool:
    """Not so for bytes of the command line that could not be decoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
