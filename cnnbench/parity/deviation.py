"""How far two backends are apart on a trial, and what rounding and chance explain of it.

What rounding does to the trial is measured: the reference backend runs it some more times from
initial weights that are moved by about what sums in another order differ by, and with other dropout
masks. Right backends differ by no more than `MARGIN` times the most that this changes, or by the
floors below. Over many epochs chance amplifies rounding: a unit near zero comes alive in one run
and not in another. So the floors at the end are those of chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cnnbench.parity.probe import Probe, Trajectory

MARGIN = 10.0
"""Rounding happens in every operation of every step, a nudge only once."""
FLOOR = {"float32": 1e-5, "bfloat16": 2.0**-8}
"""A difference of probabilities, or of losses relative to the loss, that is always rounding.

float32: 84 units in the last place; sums of some thousand products in another order differ so.
bfloat16: half a unit, what rounding a single value to it may change."""
JUDGED = {"float32": 0.02, "bfloat16": 0.1}
"""Passes are judged as long as rounding explains no more of their loss than this."""
DISTANCE_FLOOR = 0.1
"""A distance after the whole training that is always chance.

The nudged runs of the recipes that come with cnnbench end 1e-7 to 0.1 from the run without."""
STANDARD_ERRORS = 4.0
"""A difference of accuracies, in standard errors of paired outcomes, that is always chance."""
SPREAD = 3.0
"""A difference of accuracies over the largest that a nudge, or other dropout masks, make."""
MASKS_RISK = 0.001
"""How seldom a right backend's dropout masks may be taken for wrong ones."""


class Criterion(StrEnum):
    """What is compared, in the order of training.

    initial, epoch: the largest difference of a test image's probability, before training and after
    the first epoch. loss: of a step's batch in the first epoch, before the step is taken. pass: the
    loss of a whole epoch. masks: the mean loss of the first epochs with dropout. final: half the
    summed difference of a test image's probabilities after the whole training, the mean over the
    images; 0 to 1. accuracy: of the test images after the whole training, a fraction.
    """

    INITIAL = "initial"
    LOSS = "loss"
    EPOCH = "epoch"
    PASS = "pass"  # noqa: S105 - of the images
    MASKS = "masks"
    FINAL = "final"
    ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two backends are apart in one measure.

    allowed: what rounding and chance explain, None if that is not judged. step: of the loss, or
    the epoch of a pass, counted from 1. values: of both, the reference first, where the measure is
    a number.
    """

    measure: Criterion
    size: float
    allowed: float | None
    step: int | None = None
    values: tuple[float, float] | None = None

    @property
    def explained(self) -> bool:
        """Whether right backends may differ so; NaN never is."""
        return self.allowed is None or self.size <= self.allowed


def differences(reference: Probe, other: Probe) -> Iterator[Difference]:
    """Every difference of two probes that did not fail, in the order of training."""
    one, two, nudged = reference.course, other.course, reference.nudged
    assert one is not None, "a probe without a reason has all its parts"
    assert two is not None, "a probe without a reason has all its parts"
    assert reference.labels is not None, "a probe without a reason has all its parts"
    assert nudged, "the reference is run several times"
    floor = FLOOR[reference.precision]
    noise = MARGIN * max(_largest(one.initial, again.initial) for again in nudged)
    yield Difference(Criterion.INITIAL, _largest(one.initial, two.initial), max(floor, noise))
    yield from _losses(Criterion.LOSS, "losses", (one, two, *nudged), floor)
    noise = MARGIN * max(_largest(one.epoch, again.epoch) for again in nudged)
    yield Difference(Criterion.EPOCH, _largest(one.epoch, two.epoch), max(floor, noise))
    passes = _losses(Criterion.PASS, "passes", (one, two, *nudged), floor)
    yield from _judged(passes, JUDGED[reference.precision])
    if len(one.masked):
        yield _masks(one, two, nudged)
    noise = MARGIN * max(_distance(one.final, again.final) for again in nudged)
    allowed = None if reference.branching else max(DISTANCE_FLOOR, noise)
    yield Difference(Criterion.FINAL, _distance(one.final, two.final), allowed)
    yield _accuracy(one, two, nudged, reference.labels)


def accuracy_spread(probe: Probe) -> float:
    """Two standard deviations of the test accuracies of the reference's runs."""
    runs = [course.final for course in (probe.course, *probe.nudged) if course]
    return 2 * float(np.std([(final.argmax(axis=1) == probe.labels).mean() for final in runs]))


def accuracy_that_passes(probe: Probe, allowed: float) -> float:
    """The largest difference of accuracies that would have been explained.

    allowed: what was. d images on one side are `STANDARD_ERRORS` standard errors, sqrt(d), where d
    is the square of that number.
    """
    assert probe.labels is not None, "a probe without a reason has all its parts"
    return min(1.0, max(allowed, STANDARD_ERRORS**2 / len(probe.labels)))


def _losses(
    measure: Criterion, field: str, courses: Sequence[Trajectory], floor: float
) -> Iterator[Difference]:
    every = [getattr(course, field) for course in courses]
    # Rounding can tip a decision to stop early, too.
    length = min(map(len, every))
    one, two, *nudged = (losses[:length] for losses in every)
    changed = np.max([np.abs(one - again) for again in nudged], axis=0)
    # What rounding explains grows with the steps, so the largest so far counts.
    explained = np.maximum(MARGIN * np.maximum.accumulate(changed), floor * np.abs(one))
    both = zip(one.tolist(), two.tolist(), strict=True)
    for step, (values, allowed) in enumerate(zip(both, explained.tolist(), strict=True), start=1):
        yield Difference(measure, abs(values[0] - values[1]), allowed, step, values)


def _judged(passes: Iterator[Difference], share: float) -> Iterator[Difference]:
    """The passes before rounding explains more than a share of their loss."""
    for found in passes:
        assert found.values is not None, "a loss is a number"
        assert found.allowed is not None, "rounding always explains something"
        if found.allowed > share * abs(found.values[0]):
            return
        yield found


def _masks(one: Trajectory, two: Trajectory, nudged: Sequence[Trajectory]) -> Difference:
    """Whether the losses with dropout may be of the same distribution as the reference's.

    One more draw from a normal distribution, of which n are known, lies within Student's t times
    s * sqrt(1 + 1/n) of their mean.
    """
    from scipy.special import stdtrit  # a fifth of the import time of scipy.stats

    known = np.array([course.masked.mean() for course in (one, *nudged)])
    count = len(known)
    quantile = float(stdtrit(count - 1, 1 - MASKS_RISK / 2))
    allowed = quantile * float(known.std(ddof=1)) * sqrt(1 + 1 / count)
    values = float(known.mean()), float(two.masked.mean())
    return Difference(Criterion.MASKS, abs(values[0] - values[1]), allowed, values=values)


def _accuracy(
    one: Trajectory, two: Trajectory, nudged: Sequence[Trajectory], labels: NDArray[np.int32]
) -> Difference:
    """Of n images b are right on one backend alone and c on the other alone.

    If both are equally good, b - c has the variance b + c (McNemar 1947).
    """
    right, other = (course.final.argmax(axis=1) == labels for course in (one, two))
    values = float(right.mean()), float(other.mean())
    chance = STANDARD_ERRORS * sqrt((right != other).sum()) / len(labels)
    again = ((course.final.argmax(axis=1) == labels).mean() for course in nudged)
    noise = SPREAD * max(abs(float(accuracy) - values[0]) for accuracy in again)
    size = abs(values[0] - values[1])
    return Difference(Criterion.ACCURACY, size, max(chance, noise), values=values)


def _largest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one.astype(np.float64) - other).max())


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The total variation of the probabilities, the mean over the images."""
    return float(np.abs(one.astype(np.float64) - other).sum(axis=1).mean() / 2)
