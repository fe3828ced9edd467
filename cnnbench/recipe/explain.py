"""Explaining what pydantic found wrong: one problem per key, in words, at its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cnnbench.errors import Problem, did_you_mean, meant
from cnnbench.recipe.file import (
    SECTIONS,
    keys_of,
    layer_models,
    named_fields,
    places_of,
    submodel,
    table_beside,
)
from cnnbench.recipe.hints import hint
from cnnbench.recipe.keys import SYNONYMS
from cnnbench.recipe.lines import KeyPath
from cnnbench.recipe.renamed import places_now
from cnnbench.recipe.replicates import NUMBER, TABLE
from cnnbench.recipe.setting import Key, Setting, Settings, dotted
from cnnbench.recipe.words import expected_of, kind_of, show


def explain(
    model: type[BaseModel], settings: Settings, error: ValidationError
) -> list[tuple[Problem, Key]]:
    """A problem per key, with the key of the setting to blame (of a missing key, its own)."""
    explained: dict[KeyPath, tuple[Problem, Key]] = {}
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        found = _Location(model, item["loc"], item["type"])
        if found.path not in explained:
            explained[found.path] = found.problem(settings)
    return list(explained.values())


class _Location:
    """Where in a model an error of pydantic lies.

    path: the key, with the index and key inside a typed list. field: None if there is no such key.
    inside: what of `path` lies inside a typed list; element: the index in another list.
    """

    def __init__(self, model: type[BaseModel], loc: tuple[int | str, ...], kind: str) -> None:
        self.missing = kind == "missing"
        self.model = model
        self.field: FieldInfo | None = None
        self.key: Key = ()
        self.inside: KeyPath = ()
        self.element: KeyPath = ()
        self.layer = ""
        loc = tuple(
            part for part in loc if part not in (NUMBER, TABLE)
        )  # of a field that is either
        for index, part in enumerate(loc):
            self.key = (*self.key, str(part))
            self.field = named_fields(self.model).get(str(part))
            table = submodel(self.field) or table_beside(self.field) if self.field else None
            if table is None:
                self._go_inside(loc[index + 1 :])
                break
            if index + 1 < len(loc):
                self.model = table
        self.path: KeyPath = (*self.key, *self.inside)

    def _go_inside(self, rest: tuple[int | str, ...]) -> None:
        """Names in the rest are pydantic's for the branches of a union, or those of a layer."""
        models = layer_models(self.field) if self.field else {}
        match rest:
            case (int(index), str(tag), str(name), *more) if tag in models:
                self.model = models[tag]
                self.layer = f"layer {index + 1} ({tag}): {name}: "
                self.field = self.model.model_fields.get(name)
                self.inside = (index, name)
                self.missing = self.missing and not more
            case (int(index), *_) if models:
                self.layer = f"layer {index + 1}: "
                self.inside = (index,)
            case _:
                self.missing = self.missing and not rest
                self.element = tuple(part for part in rest if isinstance(part, int))[:1]

    def problem(self, settings: Settings) -> tuple[Problem, Key]:
        """The problem, and the setting to blame."""
        if self.missing and not self.inside:
            return self._absent()
        key = _written(self.key, settings)
        setting = settings[key]
        depth = len(self.key) - 1 if len(key) > len(self.key) else None
        return setting.problem(
            dotted(self.key[: len(key)]),
            self.layer + self._message(setting, deeper=len(key) > len(self.key)),
            depth=depth,
            inside=self.inside or self.element,
        ), key

    def _absent(self) -> tuple[Problem, Key]:
        """Of a table that is missing, the key in it that is required."""
        key, field = self.key, self.field
        while field is not None and (table := submodel(field)) is not None:
            name, field = next(x for x in table.model_fields.items() if x[1].is_required())
            key = (*key, name)
        assert field is not None
        return Problem(dotted(key), f"is required: {expected_of(field)}"), key

    def _message(self, setting: Setting, *, deeper: bool) -> str:
        if self.field is None:
            return self._unknown()
        if self.missing:
            return f"is required: {expected_of(self.field)}"
        if deeper:
            return f"is a single value, not a table: {expected_of(self.field)}"
        value = setting.value
        for part in self.inside:
            value = value[part]
        if self.inside and isinstance(self.inside[-1], int):
            return _wrong_layer(value, layer_models(self.field))
        return _wrong_value(value, self.field)

    def _unknown(self) -> str:
        name = str(self.path[-1])
        siblings = keys_of(self.model)
        return unknown_key(name, siblings, elsewhere=not self.inside)


def _written(key: Key, settings: Settings) -> Key:
    """The setting that a key lies in, or the first below it."""
    above = (key[:depth] for depth in range(len(key), 0, -1))
    found = next((each for each in above if each in settings), None)
    return found or next(each for each in settings if each[: len(key)] == key)


def unknown_key(name: str, allowed: Sequence[str], *, elsewhere: bool = True) -> str:
    """That a key is unknown, and which is meant.

    allowed: the names that may stand where it stands. elsewhere: whether the name may belong to
    another section.
    """
    listed = f"allowed: {', '.join(allowed)}"
    if "." in name:
        return f"unknown key; a dotted key is written without quotes; {listed}"
    if name in SECTIONS and elsewhere:
        return f"unknown key; [{name}] is a section of its own, not part of another"
    now = places_now(name) if elsewhere else []
    if new := next((x for key in now if (x := key.rpartition(".")[2]) in allowed), ""):
        return f"{name} is now {new}"
    known = SYNONYMS.get(name.lower())
    if known and (own := known.rpartition(".")[2]) in allowed:
        return f"unknown key{meant([own], listed)}"
    places = [*places_of(name), *now] if elsewhere else []
    places = places or ([known] if known and elsewhere else [])
    if name in places:
        return "unknown key; it stands at the top, above the first [section]"
    rest = meant(places, listed) if places else did_you_mean(name, allowed, "allowed")
    return f"unknown key{rest}"


def _wrong_value(value: Any, field: FieldInfo) -> str:
    wanted = expected_of(field)
    kind = kind_of(value)
    usual = "one of" if kind == "text" else kind
    named = "" if wanted.startswith(usual) and kind != "a list" else f" ({kind})"
    message = f"got {show(value)}{named}, expected {wanted}"
    if kind in ("a whole number", "a decimal number") and field.description:
        message += f" ({field.description})"
    return message + hint(value, field)


def _wrong_layer(value: Any, models: Mapping[str, type[BaseModel]]) -> str:
    types = ", ".join(models)
    if not isinstance(value, dict):
        return f'got {show(value)} ({kind_of(value)}), expected a table like {{ type = "flatten" }}'
    if "type" not in value:
        return f"type is required: one of {types}"
    rest = did_you_mean(str(value["type"]), models)
    return f"type: got {show(value['type'])}, expected one of {types}{rest}"
