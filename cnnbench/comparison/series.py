"""The trials of one variant on one backend, by replicate and fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnnbench.results.record import Images, Record, Status

Part = tuple[int, int | None]
"""Replicate and fold: equal parts of two series make a pair."""


READ = 10
"""Trials whose predictions tell how much images differ: ten replicates make 45 pairs."""


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
    where no plan tells. read: of how many trials predictions may be read. ok: the records of
    trials that ended well.
    """

    variant: str
    backend: str
    folder: str
    records: Mapping[Part, Record] = field(default_factory=dict)
    planned: tuple[Part, ...] | None = None
    look: int | None = None
    images: tuple[Images, ...] = ()
    read: int = READ
    ok: Mapping[Part, Record] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ok = {part: x for part, x in self.records.items() if x.status is Status.OK}
        object.__setattr__(self, "ok", ok)

    @property
    def diverged(self) -> tuple[Record, ...]:
        """The records of trials that failed by what they are, not by the machine.

        Where there are some, those that ended well are a choice of the lucky ones.
        """
        failed = (x for x in self.records.values() if x.status is Status.FAILED)
        return tuple(record for record in failed if record.diverged)
