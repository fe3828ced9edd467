"""Bases that a recipe may start from, by name: published ones, and others handed down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cnnbench.network.bases import BASES
from cnnbench.network.bases.points import POINTS, points_of
from cnnbench.network.network import Network

RGB = 3
"""Channels of colour images."""


@dataclass(frozen=True, slots=True)
class OfferedBase:
    """A base that a recipe may name.

    build: the network without a head, for images of (height, width, channels); raises NetworkError
    for those that it can't take. channels: of its images; grey ones are given to each of them.
    None for the study's own. points: the first layer of each block, from which fine-tuning may
    start; empty where nobody names them; None for the study's own, whose network tells.
    """

    build: Callable[[tuple[int, int, int]], Network]
    channels: int | None = RGB
    points: tuple[str, ...] | None = ()

    def points_of(self, network: Network) -> tuple[str, ...]:
        """The first layer of each block. network: as built."""
        return points_of(network) if self.points is None else self.points


OfferedBases = Mapping[str, OfferedBase]
PUBLISHED: OfferedBases = MappingProxyType(
    {name: OfferedBase(BASES[name], points=POINTS[name]) for name in BASES}
)
"""Those that every recipe may name."""
