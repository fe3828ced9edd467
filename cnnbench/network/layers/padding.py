"""Zeros around a map."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cnnbench.network.layers.base import Layer, Shape

Border = Annotated[int, Field(ge=0, le=1_000_000)]


class ZeroPadding(Layer):
    """padding: rows of zeros (above, below) and columns (left, right)."""

    type: Literal["zero_padding"] = "zero_padding"
    padding: tuple[tuple[Border, Border], tuple[Border, Border]] = ((1, 1), (1, 1))

    def output_shape(self, *inputs: Shape) -> Shape:
        """A larger map."""
        self.need_map(inputs[0])
        height, width, channels = inputs[0]
        (above, below), (left, right) = self.padding
        return height + above + below, width + left + right, channels

    @property
    def label(self) -> str:
        """E.g. "zero padding 1 1, 1 1"."""
        return "zero padding " + ", ".join(f"{before} {after}" for before, after in self.padding)
