"""Trials that start from a base that the study trains: after it, with its arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cnnbench.results.layout import weights_file
from cnnbench.results.read import newest_records
from cnnbench.results.record import Record, Status
from cnnbench.trials.trial import Trial


class Lost(NamedTuple):
    """A trial that can't begin, how it ends, and why."""

    trial: Trial
    status: Status
    reason: str


def bases_first(trials: Sequence[Trial]) -> Iterator[tuple[Trial, ...]]:
    """The trials in parts that can run, one part after the other: bases, then all others."""
    bases = tuple(trial for trial in trials if trial.is_base)
    if bases:
        yield bases
    if others := tuple(trial for trial in trials if not trial.is_base):
        yield others


def with_their_bases(
    trials: Sequence[Trial], folder: Path
) -> tuple[tuple[Trial, ...], tuple[Lost, ...]]:
    """The trials as they can train now, and those that can't.

    folder: of the study, where the bases that it trained are recorded with their arrays.
    """
    recorded = newest_records(folder) if any(trial.starts_from for trial in trials) else {}
    ready: list[Trial] = []
    lost: list[Lost] = []
    for trial in trials:
        record = recorded.get(trial.starts_from)
        path = weights_file(folder, trial.starts_from or trial.id).absolute()
        if not trial.starts_from:
            ready.append(trial)
        elif record is None:
            why = "the base that it starts from has not been trained"
            lost.append(Lost(trial, Status.FAILED, why))
        elif record.status is not Status.OK:
            why = f"{record.variant}, which it starts from, ended as {record.status}"
            lacks = record.status is Status.UNSUPPORTED
            status = Status.UNSUPPORTED if lacks else Status.FAILED
            lost.append(Lost(trial, status, f"{why}: {record.reason}"))
        elif not path.is_file():
            why = f"the arrays of {record.variant} are gone: {path} is not there"
            lost.append(Lost(trial, Status.FAILED, why))
        else:
            ready.append(_started(trial, record, path))
    return tuple(ready), tuple(lost)


def _started(trial: Trial, base: Record, path: Path) -> Trial:
    assert trial.arrays is not None, "a trial that starts from a base has one"
    arrays = dataclasses.replace(
        trial.arrays,
        origin=f"{trial.arrays.origin}, trial {base.trial}",
        path=path,
        digest=base.kept,
        trained_in=base.costs.total,
    )
    return trial.model_copy(update={"arrays": arrays})
