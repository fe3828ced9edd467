"""What a comparison comes to, as a value and in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Conclusion(StrEnum):
    """How a variant stands against what it is compared with.

    BETTER, WORSE: also after allowing for all comparisons of the family. MAYBE: only if it had been
    the only comparison. SLIGHTLY: and the difference is surely less than the margin.
    """

    BETTER = "better"
    SLIGHTLY_BETTER = "slightly better"
    WORSE = "worse"
    SLIGHTLY_WORSE = "slightly worse"
    SAME = "same"
    MAYBE_BETTER = "maybe better"
    MAYBE_WORSE = "maybe worse"
    OPEN = "open"
    DIVERGES = "diverges"

    @property
    def settled(self) -> bool:
        """Whether more replicates would be spent on what is known."""
        return self not in {Conclusion.MAYBE_BETTER, Conclusion.MAYBE_WORSE, Conclusion.OPEN}

    @property
    def helps(self) -> bool:
        """Whether there is a gain, however small."""
        return self in {Conclusion.BETTER, Conclusion.SLIGHTLY_BETTER}

    @property
    def hurts(self) -> bool:
        """Whether there is a loss, however small, or no result at all."""
        return self in {Conclusion.WORSE, Conclusion.SLIGHTLY_WORSE, Conclusion.DIVERGES}


@dataclass(frozen=True, slots=True)
class Margin:
    """The smallest difference that matters, declared before the study; words: 1 point."""

    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and the words for it."""

    outcome: Conclusion
    words: str


def margin_of_fractions(value: float) -> Margin:
    """A margin in words: 0.01 is 1 point."""
    points = f"{100 * value:.6g}"
    return Margin(value, f"{points} {'point' if points == '1' else 'points'}")


def verdict(outcome: Conclusion, margin: Margin | None = None, failures: str = "") -> Verdict:
    """The words of an outcome. failures: 2/6 of one that diverges."""
    within = margin.words if margin else ""
    match outcome:
        case Conclusion.BETTER | Conclusion.WORSE | Conclusion.OPEN:
            words = outcome.value
        case Conclusion.SLIGHTLY_BETTER:
            words = f"better, by less than {within}"
        case Conclusion.SLIGHTLY_WORSE:
            words = f"worse, by less than {within}"
        case Conclusion.SAME:
            words = f"same within {within}"
        case Conclusion.MAYBE_BETTER:
            words = "better?"
        case Conclusion.MAYBE_WORSE:
            words = "worse?"
        case Conclusion.DIVERGES:
            words = f"diverges {failures}".rstrip()
        case _:
            assert_never(outcome)
    return Verdict(outcome, words)
