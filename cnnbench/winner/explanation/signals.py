"""The parts of an explanation of signals: curves over their heat, maps and filters as lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnbench.report.pictures.canvas import WIDTHS, Width, axes_at, short
from cnnbench.report.pictures.palette import BLUE, INK, MUTED, ORANGE
from cnnbench.winner.explanation.blocks import Block, row_of_tiles
from cnnbench.winner.explanation.explanation import Explanation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EVEN = "viridis"
VEIL = 0.6
TALL = 1.5
"""Inches of a curve."""
FLAT = 0.6
"""Height of a line's tile over its width."""
_LINES = (BLUE, ORANGE)


def signal_row(
    explained: Explanation, row: int, width: Width, probabilities: Block | None = None
) -> Block:
    """The curve over its heat; beside it the probabilities, drawn by their block."""
    across = WIDTHS[width]
    signal = np.asarray(explained.images[row][:, 0, :], np.float32)
    wide = across * (0.66 if explained.heat is not None else 1.0)

    def put(figure: Figure, top: float) -> None:
        axes = axes_at(figure, 0.36, top - TALL, wide - 0.42, TALL - 0.04)
        _show_curve(axes, signal)
        if explained.heat is None:
            return
        heat = explained.heat.values[row][:, 0]
        _show_heat(axes, heat, len(signal))
        said = short(explained.class_of(row), 16)
        axes.set_xlabel(f"for {said}" if heat.any() else f"nothing for {said}", labelpad=3)
        if probabilities is not None:
            probabilities[1](figure, top)

    return TALL + 0.42, put


def line_tiles(
    values: NDArray[np.float32], width: Width, most: int, *, zero: bool = False
) -> Iterator[Block]:
    """Lines in tiles, on a scale that they share. values: (length, lines). zero: draw its line."""
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low or 1.0)
    tiles = [
        partial(_show_line, values=values[:, i], limits=(low - room, high + room), zero=zero)
        for i in range(values.shape[1])
    ]
    for start in range(0, len(tiles), most):
        yield row_of_tiles(tiles[start : start + most], WIDTHS[width], most, FLAT)


def _show_curve(axes: Axes, signal: NDArray[np.float32]) -> None:
    single = signal.shape[1] == 1
    for channel in range(signal.shape[1]):
        color = INK if single else _LINES[channel % len(_LINES)]
        axes.plot(signal[:, channel], color=color, linewidth=1.0, zorder=2)
    axes.set_xlim(-0.5, len(signal) - 0.5)
    axes.tick_params(length=2, labelcolor=MUTED, labelsize="small")
    axes.locator_params(axis="y", nbins=4)
    for side in axes.spines.values():
        side.set_visible(False)


def _show_heat(axes: Axes, heat: NDArray[np.float32], length: int) -> None:
    """Drawn out to the length of the signal, behind its curve."""
    limits = axes.get_ylim()
    axes.imshow(
        heat[np.newaxis] / (float(heat.max()) or 1.0),
        cmap=EVEN,
        vmin=0,
        vmax=1,
        alpha=VEIL,
        aspect="auto",
        extent=(-0.5, length - 0.5, *limits),
        interpolation="bilinear",
        zorder=1,
    )
    axes.set_ylim(limits)


def _show_line(
    axes: Axes, *, values: NDArray[np.float32], limits: tuple[float, float], zero: bool
) -> None:
    if zero:
        axes.axhline(0, color=MUTED, linewidth=0.5)
    axes.plot(values, color=BLUE, linewidth=0.9)
    axes.set(xticks=[], yticks=[], ylim=limits)
    for side in axes.spines.values():
        side.set_visible(False)
