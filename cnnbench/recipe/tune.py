"""The `[tune]` section of a recipe: settings that each variant tries before it is compared."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from cnnbench.data.spec import Section

if TYPE_CHECKING:
    from cnnbench.recipe.configuration import Configuration

Value = bool | int | float | str
Values = Mapping[str, Value]
"""Dotted keys with what a candidate sets them to; empty for a variant's own settings."""
_DIGITS = 3
"""Of a drawn number; more would say nothing, and be hard to read."""


class Dimension(Section):
    """A key and the values that it may take: a range, or choices."""

    key: str = Field(description="of network, training or augmentation: training.learning_rate")
    low: int | float | None = Field(None, description="the least value; whole numbers stay whole")
    high: int | float | None = Field(None, description="the largest value")
    scale: Literal["linear", "log"] = Field(
        "linear", description="log: each factor is as likely, as suits learning rates"
    )
    choices: tuple[Value, ...] = Field(
        (), description="in place of a range: values, each as likely"
    )

    def at(self, fraction: float) -> Value:
        """The value at a fraction, 0 to below 1, of the range or of the choices."""
        if self.choices:
            return self.choices[int(fraction * len(self.choices))]
        assert self.low is not None
        assert self.high is not None
        if isinstance(self.low, int) and isinstance(self.high, int):
            whole = self._between(self.low, self.high + 1, fraction)
            return min(self.high, math.floor(whole))
        return float(f"{self._between(self.low, self.high, fraction):.{_DIGITS}g}")

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that all others are like: both ends, or each choice."""
        return self.choices or tuple(x for x in (self.low, self.high) if x is not None)

    def _between(self, low: float, high: float, fraction: float) -> float:
        if self.scale == "log":
            return low * math.exp(fraction * math.log(high / low))
        return low + (high - low) * fraction


class TuneSpec(Section):
    """Random search (Bergstra and Bengio 2012) with the same candidates for every variant."""

    candidates: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="settings that are tried, the variant's own among them; 0 tunes nothing"
    )
    metric: Literal["accuracy", "log_loss"] = Field(
        "accuracy",
        description="of validation images: what chooses; log loss decides among equal accuracies",
    )
    space: tuple[Dimension, ...] = Field(
        (), description="what is tuned: tables with key, and low, high and scale, or choices"
    )

    @property
    def active(self) -> bool:
        """Whether anything is tried."""
        return self.candidates > 0

    def draw(self, seed: int) -> tuple[Values, ...]:
        """The candidates of a study, the variant's own settings first, no two draws alike.

        They follow from the seed and the space alone, so that all variants, replicates and backends
        try the same. A larger budget has the smaller one's candidates, and more.
        """
        found: list[Values] = [{}]
        number = 0
        while len(found) < min(self.candidates, self.different + 1):
            drawn = {x.key: x.at(_fraction(seed, number, x.key)) for x in self.space}
            number += 1
            if drawn not in found:
                found.append(drawn)
        return tuple(found)

    @property
    def different(self) -> float:
        """How many different draws there are; infinite where a range is among them."""
        if any(not each.choices for each in self.space):
            return math.inf
        return math.prod(len(set(map(repr, each.choices))) for each in self.space)


def with_values(configuration: Configuration, values: Values) -> Configuration:
    """The configuration of one candidate, which itself tunes nothing.

    Raises pydantic's ValidationError for a value that its key can't have.
    """
    plain: dict[str, Any] = configuration.model_dump(mode="json", exclude={"tune"}, by_alias=True)
    for key, value in values.items():
        *tables, name = key.split(".")
        table = plain
        for each in tables:
            table = table[each]
        table[name] = value
    return type(configuration).model_validate_json(json.dumps(plain))


def _fraction(seed: int, number: int, key: str) -> float:
    """From 0 to below 1, of a hash, so that a further key leaves the draws of the others alone."""
    text = json.dumps([seed, "tune", number, key])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def shape_complaints(configuration: Configuration) -> Iterator[tuple[str, str]]:
    """What stands against the section by itself: the key to blame and why."""
    spec = configuration.tune
    if not spec.active:
        if spec.space:
            message = (
                "has no effect without candidates: give tune.candidates = 8, or leave it out; a "
                "variant that tunes nothing beside others that do says tune.space = [], too"
            )
            yield "space", message
        return
    if spec.candidates < 2:  # noqa: PLR2004 - one is the variant's own settings
        yield "candidates", "the first candidate is the variant's own settings: give 2 or more"
    if not spec.space:
        message = (
            'there is nothing to tune: name keys, e.g. space = [{ key = "training.learning_rate", '
            'low = 0.0001, high = 0.01, scale = "log" }]'
        )
        yield "candidates", message
    if configuration.ensemble.method != "none":
        yield "candidates", "ensembles are not tuned: leave out one of [tune] and [ensemble]"
    keys = [each.key for each in spec.space]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        yield "space", f"{twice} stands there twice"
    for each in spec.space:
        if message := _wrong(each):
            yield "space", f"{each.key}: {message}"
    if spec.space and spec.candidates - 1 > spec.different:
        message = (
            f"the choices make {spec.different} different settings: give at most "
            f"{spec.different + 1} candidates, or a larger space"
        )
        yield "candidates", message


def _wrong(each: Dimension) -> str:
    has_range = each.low is not None or each.high is not None
    if each.choices and has_range:
        return "give low and high, or choices, not both"
    if each.choices:
        return ""
    if each.low is None or each.high is None:
        return "give low and high, or choices = [...]"
    if each.low >= each.high:
        return f"low = {each.low} is not below high = {each.high}"
    if each.scale == "log" and each.low <= 0:
        return f"low = {each.low}: a logarithmic scale begins above 0"
    return ""
