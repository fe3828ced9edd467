"""Which candidate of a tuned variant is taken: validation images say, and nothing else is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cnnbench.results.record import Record, Status

Validation = Mapping[str, Any]
"""A candidate's metrics on validation images."""


def validation_of(record: Record) -> Validation | None:
    """All that a choice may see of a candidate; None where it has no result."""
    return record.metrics.get("validation", {}) if record.status is Status.OK else None


def best(candidates: Sequence[Validation | None], metric: str) -> int | None:
    """The place of the best candidate, the first of equals; None where none has a result.

    By accuracy, equal ones by their log loss, since few images have few different accuracies; or by
    log loss alone.
    """
    scores = [_score(each, metric) for each in candidates]
    top = max(scores, default=_LOWEST)
    return None if top == _LOWEST else scores.index(top)


_LOWEST = (-math.inf, -math.inf)


def _score(validation: Validation | None, metric: str) -> tuple[float, float]:
    if validation is None:
        return _LOWEST
    loss = _number(validation.get("log_loss"))
    if metric == "log_loss":
        return -loss, 0.0 if math.isfinite(loss) else -math.inf
    accuracy = _number(validation.get("accuracy"))
    return (accuracy if math.isfinite(accuracy) else -math.inf), -loss


def _number(value: object) -> float:
    """Infinite where there is no number."""
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return math.inf
