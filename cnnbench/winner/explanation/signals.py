"""The parts of an explanation of signals: curves over their heat, maps and filters as lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnbench.report.pictures.canvas import WIDTHS, Width, axes_at
from cnnbench.report.pictures.palette import BLUE, INK, MUTED, ORANGE
from cnnbench.winner.explanation.blocks import Block, row_of_tiles
from cnnbench.winner.explanation.explanation import Explanation
from cnnbench.winner.explanation.heat import draw_heat, draw_probabilities, name_class

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TALL = 1.5
"""Inches of a curve."""
_SHARE: dict[Width, float] = {"double": 0.66, "single": 0.5}
"""Of the width, for a curve with probabilities beside it."""
FLAT = 0.6
"""Height of a line's tile over its width."""
_LINES = (BLUE, ORANGE)


def signal_row(explained: Explanation, row: int, width: Width) -> Block:
    """The curve over its heat, and the probabilities beside it."""
    signal = np.asarray(explained.images[row][:, 0, :], np.float32)
    wide = WIDTHS[width] * (1.0 if explained.heat is None else _SHARE[width])

    def put(figure: Figure, top: float) -> None:
        axes = axes_at(figure, 0.36, top - TALL, wide - 0.42, TALL - 0.04)
        _show_curve(axes, signal)
        if explained.heat is None:
            return
        _show_heat(axes, explained.heat.values[row][:, 0], len(signal))
        name_class(axes, explained, row)
        draw_probabilities(figure, explained, row, width, (wide, top, TALL))

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
    axes.spines[:].set_visible(False)


def _show_heat(axes: Axes, heat: NDArray[np.float32], length: int) -> None:
    """Drawn out to the length of the signal, behind its curve."""
    limits = axes.get_ylim()
    frame = (-0.5, length - 0.5, *limits)
    draw_heat(axes, heat[np.newaxis], frame, aspect="auto", zorder=1)
    axes.set_ylim(limits)


def _show_line(
    axes: Axes, *, values: NDArray[np.float32], limits: tuple[float, float], zero: bool
) -> None:
    if zero:
        axes.axhline(0, color=MUTED, linewidth=0.5)
    axes.plot(values, color=BLUE, linewidth=0.9)
    axes.set(xticks=[], yticks=[], ylim=limits)
    axes.spines[:].set_visible(False)
