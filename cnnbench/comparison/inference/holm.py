"""What it costs to compare several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Steps:
    """Holm's procedure over a family of p-values.

    In the order given, adjusted: p after the correction; levels: at which the interval is taken.
    """

    adjusted: tuple[float, ...]
    levels: tuple[float, ...]


def holm(ps: Sequence[float], level: float) -> Steps:
    """Correct p-values so that any false claim among them has at most the level's probability.

    The smallest of k is compared with level/k, the next with level/(k-1), until one is not below;
    an adjusted p is the level at which its claim would just not be made (Holm 1979).

    No interval that always says as much as Holm's claims can hold for all rows at once and still
    say how large a difference is (Guilbaud 2008; Strassburger and Bretz 2008). Each is therefore
    taken at the strictest step that the claim passes, and at the last step taken where there is no
    claim. So it leaves out zero where the adjusted p is below the level and nowhere else; each
    by itself holds at the level or better, as Holm's steps never exceed it.
    """
    family = len(ps)
    order = sorted(range(family), key=lambda i: ps[i])
    adjusted = [1.0] * family
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, ps[i] * (family - rank)))
        adjusted[i] = highest
    claims = sum(p < level for p in adjusted)
    taken = range(family, max(family - claims, 1) - 1, -1)
    counts = [next((k for k in taken if p * k < level), taken[-1]) for p in ps]
    return Steps(tuple(adjusted), tuple(level / k for k in counts))
