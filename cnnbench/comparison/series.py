"""The trials of one variant on one backend, by replicate and fold."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

from cnnbench.comparison.metrics import Measure
from cnnbench.results.record import Images, Record, Status

Part = tuple[int, int | None]
"""Replicate and fold: equal parts of two series make a pair."""


def in_order(part: Part) -> tuple[int, int]:
    """What sorts parts: replicate by replicate, fold by fold."""
    replicate, fold = part
    return replicate, -1 if fold is None else fold


@dataclass(frozen=True, slots=True)
class Series:
    """What becomes a row: the records of one variant on one backend.

    folder: where they stand. planned: the parts that the study asks for, None where no plan tells.
    look: of a study that goes on until settled, the replicates that verdicts rest on, 0 before the
    first look; None of any other. images: what the sources held that the study was planned with, ()
    where no plan tells. ok: the records of trials that ended well. diverged: those of trials that
    failed by what they are, not by the machine; where there are some, those that ended well are a
    choice of the lucky ones.
    """

    variant: str
    backend: str
    folder: str
    records: Mapping[Part, Record] = field(default_factory=dict)
    planned: tuple[Part, ...] | None = None
    look: int | None = None
    images: tuple[Images, ...] = ()
    ok: Mapping[Part, Record] = field(init=False, repr=False, compare=False)
    diverged: tuple[Record, ...] = field(init=False, repr=False, compare=False)
    _values: MutableMapping[Measure, Mapping[Part, float]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        ok = {part: x for part, x in self.records.items() if x.status is Status.OK}
        failed = (x for x in self.records.values() if x.status is Status.FAILED)
        object.__setattr__(self, "ok", ok)
        object.__setattr__(self, "diverged", tuple(x for x in failed if x.diverged))

    def values(self, measure: Measure) -> Mapping[Part, float]:
        """The metric of every ok record that has it, by part."""
        if measure not in self._values:
            found = {part: measure.of(record) for part, record in self.ok.items()}
            self._values[measure] = {part: x for part, x in found.items() if x is not None}
        return self._values[measure]
