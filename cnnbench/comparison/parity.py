"""Whether two backends agree on a trial as far as its arithmetic allows.

No two orders of addition round alike, and training amplifies the difference, so that equality can't
be asked for. What rounding does to this very trial is measured instead: the reference backend runs
it some more times from initial weights that are moved by about what sums in another order differ
by. Two backends agree as long as they differ by no more than `MARGIN` times the most that this
changes, or by the floors below, in

- the probabilities of the test images before training,
- the loss at each step of the first epoch, which is taken without dropout, as masks are each
  backend's own,
- the probabilities after that epoch, which show how batch normalisation predicts,
- the probabilities after the whole training, and its accuracy.

Over many epochs chance amplifies rounding: a unit near zero comes alive in one run and not in
another. So the floors at the end are those of chance. Where right backends may branch (dropout,
early stopping, a plateau of the learning rate), the accuracy alone is judged at the end.

The reference is the yardstick, so it should compute in the precision that the recipe names: one
that computes in float64 shows less rounding than there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cnnbench.results.probe import Course, Probe

MARGIN = 10.0
"""Rounding happens in every operation of every step, a nudge only once."""
FLOOR = {"float32": 1e-5, "bfloat16": 2.0**-8}
"""A difference of probabilities, or of losses relative to the loss, that is always rounding.

float32: 84 units in the last place; sums of some thousand products in another order differ so.
bfloat16: half a unit, what rounding a single value to it may change."""
DISTANCE_FLOOR = 0.1
"""A distance after the whole training that is always chance.

The nudged runs of the recipes that come with cnnbench end 1e-7 to 0.1 from the run without."""
STANDARD_ERRORS = 5.0
"""A difference of accuracies, in standard errors of paired outcomes, that is always chance."""
SPREAD = 3.0
"""A difference of accuracies over the largest that a nudge, or other dropout masks, make."""


class Verdict(StrEnum):
    """How two backends compare on a trial."""

    AGREE = "agree"
    DIFFER = "differ"
    FAILED = "failed"


class Measure(StrEnum):
    """What is compared, in the order of training.

    initial, epoch: the largest difference of a test image's probability, before training and after
    the first epoch. loss: of a step's batch in the first epoch, before the step is taken. final:
    half the summed difference of a test image's probabilities after the whole training, the mean
    over the images; 0 to 1. accuracy: of the test images after the whole training, a fraction.
    """

    INITIAL = "initial"
    LOSS = "loss"
    EPOCH = "epoch"
    FINAL = "final"
    ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two backends are apart in one measure.

    allowed: what rounding and chance explain, None if that is not judged. step: of the loss,
    counted from 1. values: of both, the reference first, where the measure is a number.
    """

    measure: Measure
    size: float
    allowed: float | None
    step: int | None = None
    values: tuple[float, float] | None = None

    @property
    def explained(self) -> bool:
        """Whether right backends may differ so; NaN never is."""
        return self.allowed is None or self.size <= self.allowed


@dataclass(frozen=True, slots=True)
class Parity:
    """Two backends on one trial, and the verdict with its reason; no differences if one failed."""

    variant: str
    replicate: int
    reference: str
    other: str
    differences: tuple[Difference, ...]
    verdict: Verdict
    reason: str

    def of(self, measure: Measure) -> tuple[Difference, ...]:
        """The differences in a measure: of the loss one a step, of the others one."""
        return tuple(found for found in self.differences if found.measure is measure)


def compare_probes(reference: Probe, other: Probe) -> Parity:
    """Lay a backend beside the reference, whose probe holds the nudged runs."""
    failed = next((probe for probe in (reference, other) if probe.reason), None)
    differences: tuple[Difference, ...] = ()
    if failed:
        verdict, reason = Verdict.FAILED, f"{failed.backend}: {failed.reason}"
    else:
        differences = tuple(_differences(reference, other))
        verdict, reason = _judge(differences, reference)
    return Parity(
        variant=reference.variant,
        replicate=reference.replicate,
        reference=reference.backend,
        other=other.backend,
        differences=differences,
        verdict=verdict,
        reason=reason,
    )


def pair_probes(probes: Sequence[Probe]) -> list[Parity]:
    """Each probe beside that of the first backend for the same trial, in the order given."""
    first: dict[tuple[str, int], Probe] = {}
    for probe in probes:
        first.setdefault((probe.variant, probe.replicate), probe)
    pairs = ((first[probe.variant, probe.replicate], probe) for probe in probes)
    return [compare_probes(one, other) for one, other in pairs if one is not other]


def _differences(reference: Probe, other: Probe) -> Iterator[Difference]:
    one, two, nudged, labels = reference.course, other.course, reference.nudged, reference.labels
    assert one is not None, "a probe without a reason has all its parts"
    assert two is not None, "a probe without a reason has all its parts"
    assert labels is not None, "a probe without a reason has all its parts"
    assert nudged, "the reference is run several times"
    floor = FLOOR[reference.precision]
    noise = MARGIN * max(_largest(one.initial, again.initial) for again in nudged)
    yield Difference(Measure.INITIAL, _largest(one.initial, two.initial), max(floor, noise))
    yield from _losses(one, two, nudged, floor)
    noise = MARGIN * max(_largest(one.epoch, again.epoch) for again in nudged)
    yield Difference(Measure.EPOCH, _largest(one.epoch, two.epoch), max(floor, noise))
    noise = MARGIN * max(_distance(one.final, again.final) for again in nudged)
    allowed = None if reference.branching else max(DISTANCE_FLOOR, noise)
    yield Difference(Measure.FINAL, _distance(one.final, two.final), allowed)
    yield _accuracy(one, two, nudged, labels)


def _losses(
    one: Course, two: Course, nudged: Sequence[Course], floor: float
) -> Iterator[Difference]:
    changed = np.max([np.abs(one.losses - again.losses) for again in nudged], axis=0)
    # What rounding explains grows with the steps, so the largest so far counts.
    explained = np.maximum(MARGIN * np.maximum.accumulate(changed), floor * np.abs(one.losses))
    both = zip(one.losses.tolist(), two.losses.tolist(), strict=True)
    for step, (values, allowed) in enumerate(zip(both, explained.tolist(), strict=True), start=1):
        yield Difference(Measure.LOSS, abs(values[0] - values[1]), allowed, step, values)


def _accuracy(
    one: Course, two: Course, nudged: Sequence[Course], labels: NDArray[np.int32]
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
    return Difference(Measure.ACCURACY, size, max(chance, noise), values=values)


def _judge(differences: Sequence[Difference], reference: Probe) -> tuple[Verdict, str]:
    found = next((found for found in differences if not found.explained), None)
    if found is None:
        end = "; of the end only the accuracy is judged" if reference.branching else ""
        return Verdict.AGREE, f"as far as {reference.precision} arithmetic allows{end}"
    what = {
        Measure.INITIAL: "before training a probability differs by",
        Measure.LOSS: f"at step {found.step} the loss differs by",
        Measure.EPOCH: "after the first epoch a probability differs by",
        Measure.FINAL: "after training the distance of the probabilities is",
        Measure.ACCURACY: "after training the accuracy differs by",
    }[found.measure]
    sizes = f"{found.size:.3g}, of which rounding explains {found.allowed:.3g}"
    return Verdict.DIFFER, f"{what} {sizes}"


def _largest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one.astype(np.float64) - other).max())


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The total variation of the probabilities, the mean over the images."""
    return float(np.abs(one.astype(np.float64) - other).sum(axis=1).mean() / 2)
