"""What `cnnbench gate --require` takes: a verdict on a variant, or a figure to reach."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from cnnbench.comparison.metrics import Measure, Unit, find_measure
from cnnbench.errors import ComparisonError

Word = Literal["not worse", "better", "worse", "same"]
Operator = Literal[">=", "<=", ">", "<"]

_WORDS = "|".join(get_args(Word))
_VERDICT = re.compile(rf"(?P<variant>\S.*?)\s+(?P<word>{_WORDS})", re.DOTALL)
_FIGURE = re.compile(
    r"(?P<metric>\w+)\s+of\s+(?P<variant>\S.*?)\s*(?P<operator>>=|<=|>|<)\s*"
    r"(?P<number>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(?P<percent>%)?",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class VerdictRequirement:
    """A verdict that `cnnbench compare` has to give a variant; text: as it was asked for."""

    text: str
    variant: str
    word: Word


@dataclass(frozen=True, slots=True)
class FigureRequirement:
    """A figure that the mean of a variant has to reach, in the unit of records."""

    text: str
    variant: str
    measure: Measure
    operator: Operator
    number: float

    @property
    def wants_more(self) -> bool:
        """Whether the mean has to be above the figure, not below."""
        return self.operator in {">=", ">"}


Requirement = VerdictRequirement | FigureRequirement


def parse_requirement(text: str, split: str = "test") -> Requirement:
    """Read a requirement. Raises ComparisonError with an example if it is none."""
    text = text.strip()
    if found := _FIGURE.fullmatch(text):
        return _figure(text, found, split)
    if found := _VERDICT.fullmatch(text):
        word = next(word for word in get_args(Word) if word == found["word"])
        return VerdictRequirement(text, found["variant"], word)
    raise ComparisonError(
        f"--require {text!r} is no requirement; write VARIANT and one of better, worse, same, not "
        "worse, as in 'augmentation better', or METRIC of VARIANT and a figure, as in 'accuracy of "
        "augmentation >= 0.92'"
    )


def _figure(text: str, found: re.Match[str], split: str) -> FigureRequirement:
    measure = find_measure(found["metric"], split)
    number = float(found["number"])
    is_fraction = measure.metric.unit is Unit.FRACTION
    if found["percent"] and not is_fraction:
        raise ComparisonError(
            f"--require {text!r}: {measure.metric.name} is no fraction; leave out the %"
        )
    number = number / 100 if found["percent"] else number
    if is_fraction and not 0 <= number <= 1:
        raise ComparisonError(
            f"--require {text!r}: {measure.metric.name} lies between 0 and 1; 92 % is 0.92"
        )
    operator = next(x for x in get_args(Operator) if x == found["operator"])
    return FigureRequirement(text, found["variant"], measure, operator, number)
