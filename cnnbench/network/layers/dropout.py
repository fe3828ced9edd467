"""Dropout."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cnnbench.network.layers.base import Layer

Rate = Annotated[float, Field(ge=0, lt=1)]


class Dropout(Layer):
    """In training zeroes each unit with probability `rate`; scales the others by 1 / (1 - rate)."""

    type: Literal["dropout"] = "dropout"
    rate: Rate = 0.5

    draws: ClassVar[bool] = True
    spelled: ClassVar[frozenset[str]] = frozenset({"rate"})

    @property
    def label(self) -> str:
        """E.g. "dropout 0.5"."""
        return f"dropout {self.rate:g}"
