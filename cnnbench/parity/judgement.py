"""Whether two backends agree on a trial as far as its arithmetic allows.

No two orders of addition round alike, and training amplifies the difference, so that equality can't
be asked for. Compared are, in the order of training,

- the probabilities of the test images before training,
- the loss at each step of the first epoch, and the probabilities after it, which show how batch
  normalisation predicts,
- the losses of the first whole epochs, as long as rounding moves them little,
- with dropout, the mean loss of the first epochs: do the masks do what masks do?
- the probabilities after the whole training, and its accuracy.

All but the last two lines are taken without dropout, as masks are each backend's own. Where right
backends may branch (dropout, early stopping, a plateau of the learning rate), the accuracy alone is
judged at the end. Where rounding or chance explain nearly everything, agreement would mean nothing,
and the verdict is that it can't be told.

The reference is the yardstick, so it should compute in the precision that the recipe names: one
that computes in float64 shows less rounding than there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cnnbench.data.sources.summary import in_words
from cnnbench.parity.deviation import (
    JUDGED,
    Criterion,
    Difference,
    accuracy_spread,
    accuracy_that_passes,
    differences,
)
from cnnbench.parity.probe import Probe

BLIND_DISTANCE = 0.2
"""Where rounding explains a larger distance after the whole training, it explains wrong ones."""
BLIND_SPREAD = 0.02
"""Where the reference's own accuracies spread over more, theirs tell no wrong backend from it."""
BLIND_POINTS = 25.0
"""Where a larger difference of accuracies would pass and nothing else is judged at the end, as with
few test images, the end tells nothing."""


class ParityVerdict(StrEnum):
    """How two backends compare on a trial."""

    AGREE = "agree"
    CANT_TELL = "can't tell"
    DIFFER = "differ"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Parity:
    """Two backends on one trial, and the verdict with its reason; no differences if one failed."""

    variant: str
    replicate: int
    reference: str
    other: str
    differences: tuple[Difference, ...]
    verdict: ParityVerdict
    reason: str

    def of(self, measure: Criterion) -> tuple[Difference, ...]:
        """The differences in a measure: of the loss one a step, of passes one an epoch."""
        return tuple(found for found in self.differences if found.measure is measure)


def compare_probes(reference: Probe, other: Probe, *, signals: bool = False) -> Parity:
    """Lay a backend beside the reference, whose probe holds the nudged runs.

    signals: whether the reason is to speak of these, not of images.
    """
    failed = next((probe for probe in (reference, other) if probe.reason), None)
    found: tuple[Difference, ...] = ()
    if failed:
        verdict, reason = ParityVerdict.FAILED, f"{failed.backend}: {failed.reason}"
    else:
        found = tuple(differences(reference, other))
        verdict, reason = _judge(found, reference)
    return Parity(
        variant=reference.variant,
        replicate=reference.replicate,
        reference=reference.backend,
        other=other.backend,
        differences=found,
        verdict=verdict,
        reason=in_words(reason, signals=signals),
    )


def pair_probes(probes: Sequence[Probe], *, signals: bool = False) -> list[Parity]:
    """Each probe beside that of the first backend for the same trial, in the order given."""
    first: dict[tuple[str, int], Probe] = {}
    for probe in probes:
        first.setdefault((probe.variant, probe.replicate), probe)
    pairs = ((first[probe.variant, probe.replicate], probe) for probe in probes)
    return [compare_probes(one, other, signals=signals) for one, other in pairs if one is not other]


def _judge(found: Sequence[Difference], reference: Probe) -> tuple[ParityVerdict, str]:
    unexplained = next((difference for difference in found if not difference.explained), None)
    if unexplained is not None:
        return ParityVerdict.DIFFER, _say(unexplained)
    accuracy = found[-1]
    assert accuracy.allowed is not None, "the accuracy is always judged"
    points = 100 * accuracy_that_passes(reference, accuracy.allowed)
    passing = f"up to {points:.1f} points of accuracy would have passed"
    doubts = _doubts(found, reference)
    if reference.branching and points > BLIND_POINTS:
        doubts.append("of the end only the accuracy is judged, of too few test images")
    if doubts:
        return ParityVerdict.CANT_TELL, f"{'; '.join(doubts)}; {passing}"
    end = "of the end only the accuracy is judged, and " if reference.branching else ""
    return ParityVerdict.AGREE, f"as far as {reference.precision} arithmetic allows; {end}{passing}"


def _doubts(found: Sequence[Difference], reference: Probe) -> list[str]:
    """Why agreement would say nothing."""
    assert reference.course is not None, "a probe without a reason has all its parts"
    doubts = []
    judged = sum(difference.measure is Criterion.PASS for difference in found)
    if judged < min(2, len(reference.course.passes)):
        share = JUDGED[reference.precision]
        doubts.append(f"rounding explains over {share:.0%} of the loss of epoch {judged + 1}")
    distance = next(x.allowed for x in found if x.measure is Criterion.FINAL)
    if distance is not None and distance > BLIND_DISTANCE:
        doubts.append(f"after training rounding explains a distance of {distance:.2g}")
    if (spread := accuracy_spread(reference)) > BLIND_SPREAD:
        doubts.append(f"{reference.backend}'s own accuracies spread over {100 * spread:.1f} points")
    return doubts


def _say(found: Difference) -> str:
    what = {
        Criterion.INITIAL: "before training a probability differs by",
        Criterion.LOSS: f"at step {found.step} the loss differs by",
        Criterion.EPOCH: "after the first epoch a probability differs by",
        Criterion.PASS: f"the loss of epoch {found.step} differs by",
        Criterion.MASKS: "with dropout the mean loss of the first epochs differs by",
        Criterion.FINAL: "after training the distance of the probabilities is",
        Criterion.ACCURACY: "after training the accuracy differs by",
    }[found.measure]
    cause = "other masks explain" if found.measure is Criterion.MASKS else "rounding explains"
    return f"{what} {found.size:.3g}, of which {cause} {found.allowed:.3g}"
