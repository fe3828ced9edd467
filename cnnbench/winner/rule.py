"""How the networks of an ensemble answer together, as it is kept beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnnbench.training.committee import Probabilities, Regression, averaged, voted

RuleName = Literal["mean", "votes", "regression"]
COEFFICIENTS, INTERCEPTS, KNOWN = "coefficients", "intercepts", "classes"
"""Names of a regression's arrays."""


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """name: the mean of the probabilities, weighted votes, or a logistic regression on them.

    votes: the weight of each network's. regression: that of stacking.
    """

    name: RuleName
    votes: tuple[float, ...] = ()
    regression: Regression | None = None

    def together(self, answers: Sequence[Probabilities]) -> Probabilities:
        """The answer to some images, (n, classes). answers: of each network, (n, classes)."""
        if self.regression is not None:
            return self.regression.together(answers)
        if self.name == "votes":
            return voted(answers, self.votes)
        return averaged(answers)

    def lacking(self, networks: int, classes: int) -> str:
        """Why it can't be that of so many networks and classes, "" if it can."""
        if self.name == "votes" and len(self.votes) != networks:
            return "not a vote for each network"
        if self.regression is None:
            return ""
        known = self.regression.known
        shape = len(known), networks * (1 if classes == 2 else classes)  # noqa: PLR2004
        fits = self.regression.coefficients.shape == shape
        fits = fits and self.regression.intercepts.shape == known.shape
        fits = fits and known.ndim == 1 and bool(((known >= 0) & (known < classes)).all())
        return "" if fits else "a regression of other networks or classes"


def regression_bytes(regression: Regression) -> bytes:
    """Its arrays as the content of a file of safetensors, float64."""
    from safetensors.numpy import save

    return save(
        {
            COEFFICIENTS: np.ascontiguousarray(regression.coefficients),
            INTERCEPTS: np.ascontiguousarray(regression.intercepts),
            KNOWN: np.ascontiguousarray(regression.known),
        }
    )


def regression_from(content: bytes) -> Regression:
    """The regression that `regression_bytes` packed. Raises ValueError for what is none."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
        return Regression(arrays[COEFFICIENTS], arrays[INTERCEPTS], arrays[KNOWN])
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"no arrays of a regression ({error})") from error
