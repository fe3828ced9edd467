"""The setting of a tuned variant that is taken home: the best over all replicates."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnnbench.errors import ResultsError
from cnnbench.execution.choosing import Validation, best, validation_of
from cnnbench.results.read import RecordedStudy
from cnnbench.results.record import Record, Tuning

JUDGED = ("accuracy", "log_loss")
"""What candidates are told apart by, each as its mean over the replicates."""


@dataclass(frozen=True, slots=True)
class ChosenSetting:
    """One candidate for all replicates, while each replicate of the study chose its own.

    candidate: which one, from 0. settings: what it sets, empty for the variant's own. metric: that
    it was judged by. means: of each candidate on the validation images of all replicates, None
    where its training diverged in one. chosen: which candidate each replicate took. records: of the
    candidate's trials, by replicate.
    """

    candidate: int
    settings: Mapping[str, Any]
    metric: str
    means: tuple[float | None, ...]
    chosen: tuple[int, ...]
    records: tuple[Record, ...]


def choose_setting(study: RecordedStudy, records: Sequence[Record]) -> ChosenSetting:
    """The candidate whose mean over the replicates is the best on validation images.

    records: of a tuned variant, one a replicate, that ended well. As within a replicate, equal
    accuracies are told apart by log loss, and of equals the first is taken. Raises ResultsError
    where trials of candidates are gone or none went well in all replicates.
    """
    by_id = {record.trial: record for record in study.records}
    tunings = [_tuning(record) for record in records]
    tried = [[by_id.get(each.trial) for each in tuning.candidates] for tuning in tunings]
    if any(record is None for candidates in tried for record in candidates):
        raise ResultsError(
            f"{study.place} lacks records of the candidates that {records[0].variant} tried: run "
            "the recipe again"
        )
    whole = [[record for record in candidates if record is not None] for candidates in tried]
    by_candidate = list(zip(*whole, strict=True))
    means = [_mean([validation_of(record) for record in each]) for each in by_candidate]
    place = best(means, tunings[0].metric)
    if place is None:
        raise ResultsError(
            f"no setting that {records[0].variant} tried went well in all of its replicates: lower "
            "the learning rates of [tune]"
        )
    metric = tunings[0].metric
    return ChosenSetting(
        place,
        tunings[0].candidates[place].settings,
        metric,
        tuple(None if mean is None else mean.get(metric) for mean in means),
        tuple(tuning.chosen for tuning in tunings),
        by_candidate[place],
    )


def _tuning(record: Record) -> Tuning:
    assert record.tuning is not None, "of a tuned variant"
    return record.tuning


def _mean(values: Sequence[Validation | None]) -> Validation | None:
    """None where a replicate has no result."""
    found = [value for value in values if value is not None]
    if len(found) < len(values):
        return None
    return {
        name: statistics.fmean(value[name] for value in found)
        for name in JUDGED
        if all(isinstance(value.get(name), int | float) for value in found)
    }
