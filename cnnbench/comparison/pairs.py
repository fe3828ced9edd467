"""Which records of two series make a pair, and why others don't."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cnnbench.comparison.classes import things_of
from cnnbench.comparison.series import Part, Series
from cnnbench.comparison.settings import differing_keys, first_few
from cnnbench.results.record import Record


@dataclass(frozen=True, slots=True)
class Pairs:
    """Record and counterpart by part; `refused`: why parts that both have make no pair."""

    by_part: Mapping[Part, tuple[Record, Record]]
    refused: tuple[str, ...] = ()


def pair(series: Series, reference: Series) -> Pairs:
    """The pairs of two variants: same replicate, same fold.

    Variants differ in their settings on purpose, and these may change the images too.
    """
    ok, counterparts = series.ok, reference.ok
    return Pairs({part: (ok[part], counterparts[part]) for part in ok if part in counterparts})


def pair_backends(series: Series, reference: Series) -> Pairs:
    """The pairs of one variant on two backends: same part, same images and same settings.

    A difference between backends is one of arithmetic only where everything else is equal.
    """
    return _kept(series, reference, lambda record: f"on {record.backend}")


def pair_again(series: Series, reference: Series) -> Pairs:
    """The pairs of one variant in two results: the same trial, or same images and settings."""
    return _kept(series, reference, lambda _: "stored")


def _kept(series: Series, reference: Series, whose: Callable[[Record], str]) -> Pairs:
    kept: dict[Part, tuple[Record, Record]] = {}
    refused: dict[str, None] = {}
    for part, (record, counterpart) in pair(series, reference).by_part.items():
        if obstacle := _obstacle(record, counterpart, whose(counterpart)):
            refused[obstacle] = None
        else:
            kept[part] = (record, counterpart)
    return Pairs(kept, tuple(refused))


def _obstacle(record: Record, counterpart: Record, whose: str) -> str:
    """Why the two can't be compared, "" if they can."""
    if record.trial == counterpart.trial and record.backend == counterpart.backend:
        return ""  # an id says as much as settings and images do
    if not same_images(record, counterpart):
        return f"other {things_of([record])} than {whose}"
    differing = differing_keys(record.settings, counterpart.settings)
    if not differing:
        return ""
    named = [f"{key} {ours} and {theirs}" for key, (ours, theirs) in differing.items()]
    return f"other settings than {whose}: {first_few(named)}"


def same_images(record: Record, counterpart: Record) -> bool:
    """Whether both drew as many images from the same decoded source."""
    ours, theirs = record.samples, counterpart.samples
    if ours is None or theirs is None:
        return True
    return (ours.digest, ours.train, ours.validation, ours.test, ours.classes) == (
        theirs.digest,
        theirs.train,
        theirs.validation,
        theirs.test,
        theirs.classes,
    )
