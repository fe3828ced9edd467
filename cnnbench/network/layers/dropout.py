"""What switches off at random in training: units, or all that a layer makes of an image."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cnnbench.network.layers.base import Layer

Rate = Annotated[float, Field(ge=0, lt=1)]


class Dropping(Layer):
    """Zeroes with probability `rate` in training, and scales the others by 1 / (1 - rate)."""

    rate: Rate

    draws: ClassVar[bool] = True
    spelled: ClassVar[frozenset[str]] = frozenset({"rate"})

    @property
    def label(self) -> str:
        """E.g. "dropout 0.5"."""
        return f"{super().label} {self.rate:.3g}"


class Dropout(Dropping):
    """Each unit by its own chance."""

    type: Literal["dropout"] = "dropout"
    rate: Rate = 0.5


class StochasticDepth(Dropping):
    """All of an image's units or none, each image by its own chance (Huang et al. 2016).

    It stands at the end of what a residual block adds to its input, which so is left out whole.
    Huang et al. scale in prediction, by 1 - rate; scaling in training comes to the same, and is
    what torchvision's StochasticDepth (mode "row") and the DropPath of others do.
    """

    type: Literal["stochastic_depth"] = "stochastic_depth"
    rate: Rate = 0.2
