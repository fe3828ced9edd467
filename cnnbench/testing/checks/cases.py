"""What a check of a layer is made of."""

from __future__ import annotations

from dataclasses import dataclass

from cnnbench.network.layers import AnyLayer, Conv

BELOW = Conv(filters=3, kernel=(1, 1), activation="linear")
"""Below what is checked: its step shows what gradient comes out there."""


@dataclass(frozen=True, slots=True)
class Case:
    """Layers, and what is usually wrong where they come out different."""

    about: str
    hint: str
    layers: tuple[AnyLayer, ...]
    spread: float = 1.0
    """Standard deviation of the pixels."""
