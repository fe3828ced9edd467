"""Whether two backends agree on a trial as far as float32 arithmetic allows.

No two orders of addition round alike, and training amplifies the difference, so that equality can't
be asked for. What rounding does to this very trial is measured instead: the reference backend runs
it once more from initial weights moved by one unit in the last place. Two backends agree as long as
they differ by no more than `MARGIN` times that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cnnbench.results.probe import Probe

MARGIN = 10.0
"""Rounding happens in every operation of every step, the nudge only once."""
FLOOR = 1e-5
"""A difference of probabilities, or of losses relative to the loss, that is always rounding.

84 units in the last place of float32: sums of some thousand products in another order differ so."""


class Verdict(StrEnum):
    """How two backends compare on a trial."""

    AGREE = "agree"
    DIFFER = "differ"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Measured:
    """How far two backends are apart on a trial; empty if one of them failed.

    initial: largest difference of a test image's probability before training. losses: of both, the
    reference first, at each step of the first epoch. *allowed: what rounding explains. accuracy:
    of both after the whole training. decided_differently: of so many test images, those that they
    put into different classes.
    """

    initial: float = 0.0
    initial_allowed: float = 0.0
    losses: tuple[tuple[float, float], ...] = ()
    allowed: tuple[float, ...] = ()
    accuracy: tuple[float, float] | None = None
    images: int = 0
    decided_differently: int = 0

    @property
    def steps(self) -> tuple[float, ...]:
        """The difference of the loss at each step."""
        return tuple(abs(one - other) for one, other in self.losses)


@dataclass(frozen=True, slots=True)
class Parity:
    """Two backends on one trial, and the verdict with its reason."""

    variant: str
    replicate: int
    reference: str
    other: str
    measured: Measured
    verdict: Verdict
    reason: str


def compare_probes(reference: Probe, other: Probe) -> Parity:
    """Lay a backend beside the reference, whose probe holds the nudged run."""
    failed = next((probe for probe in (reference, other) if probe.reason), None)
    if failed:
        found = Measured()
        verdict, reason = Verdict.FAILED, f"{failed.backend}: {failed.reason}"
    else:
        found = _measure(reference, other)
        verdict, reason = _judge(found, random=reference.random)
    return Parity(
        variant=reference.variant,
        replicate=reference.replicate,
        reference=reference.backend,
        other=other.backend,
        measured=found,
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


def _measure(reference: Probe, other: Probe) -> Measured:
    one, two, nudged = reference.steps, other.steps, reference.nudged
    assert one is not None, "a probe without a reason has all its parts"
    assert two is not None, "a probe without a reason has all its parts"
    assert nudged is not None, "the reference is run twice"
    # What rounding explains grows with the steps, so the largest so far counts.
    noise = np.maximum.accumulate(np.abs(one.losses - nudged.losses))
    allowed = np.maximum(MARGIN * noise, FLOOR * np.abs(one.losses))
    accuracy, decided = _final(reference, other)
    return Measured(
        initial=_largest(one.initial, two.initial),
        initial_allowed=max(FLOOR, MARGIN * _largest(one.initial, nudged.initial)),
        losses=tuple(zip(one.losses.tolist(), two.losses.tolist(), strict=True)),
        allowed=tuple(allowed.tolist()),
        accuracy=accuracy,
        images=len(one.initial),
        decided_differently=decided,
    )


def _judge(found: Measured, *, random: bool) -> tuple[Verdict, str]:
    if not found.initial <= found.initial_allowed:  # so that NaN differs
        return Verdict.DIFFER, (
            f"before training a probability differs by {found.initial:.1g}, "
            f"of which rounding explains {found.initial_allowed:.1g}"
        )
    if random:
        return Verdict.AGREE, "before training; dropout masks are each backend's own"
    steps = zip(found.steps, found.allowed, strict=True)
    for number, (difference, allowed) in enumerate(steps, start=1):
        if not difference <= allowed:
            return Verdict.DIFFER, (
                f"at step {number} the loss differs by {difference:.1g}, "
                f"of which rounding explains {allowed:.1g}"
            )
    return Verdict.AGREE, "as far as float32 arithmetic allows"


def _final(reference: Probe, other: Probe) -> tuple[tuple[float, float], int]:
    assert reference.final is not None, "a probe without a reason has all its parts"
    assert other.final is not None, "a probe without a reason has all its parts"
    one, two = reference.final.argmax(axis=1), other.final.argmax(axis=1)
    accuracy = float((one == reference.labels).mean()), float((two == reference.labels).mean())
    return accuracy, int((one != two).sum())


def _largest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one.astype(np.float64) - other).max())
