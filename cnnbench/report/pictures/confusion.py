"""Which class is taken for which, and of which classes a variant recognises more or fewer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cnnbench.report.chapters import Chapter
from cnnbench.report.pictures.canvas import WIDTHS, Picture, Width, axes_at, new_figure, short
from cnnbench.report.pictures.confusions import Confusions, confusions_of, rates_of
from cnnbench.report.pictures.palette import BLUE, INK, LINE, MUTED, ORANGE
from cnnbench.report.quantities import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FAINTEST = 0.005
"""Shares below half a per cent stay empty, so that the eye finds the others."""
_STRONGEST = 0.5
"""Opacity of a full cell: ink stays legible on it by day and by night."""
_NAME = 12
_FEW = 12
"""Classes up to which cells have room for numbers of the usual size."""


def confusion(chapter: Chapter, variant: str | None = None) -> Picture:
    """Both matrices and the differences beside them. Raises as `confusions_of` does."""
    found = confusions_of(chapter, variant)

    def draw(width: Width) -> Figure:
        if width == "double":
            across = WIDTHS[width] / 3
            figure = new_figure(WIDTHS[width], across + 0.5)
            places = [(0.0, 0.0), (across, 0.0), (2 * across, 0.0)]
        else:
            across = WIDTHS[width]
            figure = new_figure(across, 3 * (across + 0.4))
            places = [(0.0, 2 * (across + 0.4)), (0.0, across + 0.4), (0.0, 0.0)]
        _draw_matrix(figure, found, 0, places[0], across)
        _draw_matrix(figure, found, 1, places[1], across)
        _draw_differences(figure, found, places[2], across)
        return figure

    alt = " ".join(x.alt for x in confusion_panels(chapter, variant))
    return Picture("confusion", "Confusion matrices", alt, draw)


def confusion_panels(chapter: Chapter, variant: str | None = None) -> list[Picture]:
    """The three parts as pictures of their own. Raises as `confusions_of` does."""
    found = confusions_of(chapter, variant)
    across = WIDTHS["single"]

    def matrix(which: int) -> Picture:
        def draw(_: Width) -> Figure:
            figure = new_figure(across, across + 0.3)
            _draw_matrix(figure, found, which, (0, 0), across)
            return figure

        name = found.names[which]
        return Picture(f"confusion-{which + 1}", short(name), _alt_matrix(found, which), draw)

    def differences(_: Width) -> Figure:
        figure = new_figure(across, across + 0.3)
        _draw_differences(figure, found, (0, 0), across)
        return figure

    return [
        matrix(0),
        matrix(1),
        Picture("confusion-3", "Recall by class", _alt_differences(found), differences),
    ]


def _room(found: Confusions) -> float:
    """Inches that the longest name of a class takes."""
    return 0.3 + 0.065 * max(len(short(name, _NAME)) for name in found.classes)


def _draw_matrix(
    figure: Figure, found: Confusions, which: int, corner: tuple[float, float], across: float
) -> None:
    from matplotlib.patches import Rectangle

    rates = rates_of((found.before, found.after)[which])
    count = len(rates)
    room = _room(found)
    side = across - room - 0.12
    below = room if _turned(found) else 0.42
    axes = axes_at(figure, corner[0] + room, corner[1] + below + _slack(found), side, side)
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(count - 0.5, -0.5)
    size = min(7.5, 72 * side / count / 2.4)
    for row, column in zip(*np.nonzero(rates >= _FAINTEST), strict=True):
        rate = rates[row, column]
        right = row == column
        axes.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5),
                1,
                1,
                color=BLUE if right else ORANGE,
                alpha=_STRONGEST * (rate if right else min(1.0, 0.12 + 3 * rate)),
                lw=0,
            )
        )
        axes.text(
            column, row, f"{100 * rate:.0f}", ha="center", va="center", fontsize=size, color=INK
        )
    _name_classes(axes, found, across)
    axes.set_xticks(range(count), [short(name, _NAME) for name in found.classes])
    axes.tick_params(axis="x", labelrotation=90 if _turned(found) else 0)
    axes.set_xlabel("said, % of the true class", fontsize=7, labelpad=2)
    axes.set_title(short(found.names[which]), loc="left", fontweight="bold", pad=4)
    for spine in axes.spines.values():
        spine.set_visible(True)


def _slack(found: Confusions) -> float:
    """Room for the axis label below class names."""
    return 0.2 if _turned(found) else 0.0


def _turned(found: Confusions) -> bool:
    return max(len(short(name, _NAME)) for name in found.classes) * len(found.classes) > _FEW * 2


def _name_classes(axes: Axes, found: Confusions, across: float) -> None:
    count = len(found.classes)
    size = min(7.5, 72 * (across - 0.8) / count / 1.25)
    axes.set_yticks(range(count), [short(name, _NAME) for name in found.classes])
    axes.tick_params(length=0, labelsize=size)


def _draw_differences(
    figure: Figure, found: Confusions, corner: tuple[float, float], across: float
) -> None:
    from matplotlib.ticker import MaxNLocator

    count = len(found.classes)
    room = _room(found)
    side = across - room - 0.12
    below = room if _turned(found) else 0.42
    axes = axes_at(figure, corner[0] + room, corner[1] + below + _slack(found), side, side)
    axes.set_ylim(count - 0.5, -0.5)
    axes.axvline(0, color=MUTED, lw=0.9, zorder=1)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    low, high = _limits(found)
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    for number, difference in enumerate(found.differences):
        if difference is None:
            continue
        interval = difference.interval
        colour = INK
        if interval:
            colour = BLUE if interval.low > 0 else ORANGE if interval.high < 0 else INK
            ends = max(100 * interval.low, low), min(100 * interval.high, high)
            axes.plot(ends, [number, number], color=colour, lw=1.6)
        axes.plot([100 * difference.mean], [number], marker="o", ms=4, color=colour)
    _name_classes(axes, found, across)
    axes.set_xlabel("difference in recall, points \N{RIGHTWARDS ARROW}", fontsize=7, labelpad=2)
    axes.tick_params(axis="x", labelsize=7, colors=LINE, labelcolor=MUTED)
    title = f"{short(found.names[1], 15)} \N{MINUS SIGN} {short(found.names[0], 15)}"
    axes.set_title(title, loc="left", fontweight="bold", pad=4)


def _limits(found: Confusions) -> tuple[float, float]:
    """Wide enough for all means, and for intervals within reason."""
    means = [100 * x.mean for x in found.differences if x]
    ends = [100 * e for x in found.differences if x and (i := x.interval) for e in (i.low, i.high)]
    reach = max([abs(mean) for mean in means] or [1.0]) * 2.5 + 1
    low = max(min([0.0, *means, *ends]), -reach)
    high = min(max([0.0, *means, *ends]), reach)
    pad = 0.05 * (high - low) or 1.0
    return low - pad, high + pad


def _alt_matrix(found: Confusions, which: int) -> str:
    rates = rates_of((found.before, found.after)[which])
    wrong = rates - np.diag(rates.diagonal())
    worst = np.argsort(-wrong, axis=None, kind="stable")[:3]
    pairs = [np.unravel_index(flat, wrong.shape) for flat in worst if wrong.flat[flat] > 0]
    named = "; ".join(
        f"{_class(found, int(row))} taken for {_class(found, int(column))} "
        f"{percent(float(wrong[row, column]))}"
        for row, column in pairs
    )
    least = int(rates.diagonal().argmin())
    return (
        f"Confusion matrix of {short(found.names[which], 60)} over {len(rates)} classes: recall is "
        f"lowest for {_class(found, least)}, {percent(float(rates[least, least]))}; most frequent "
        f"mistakes: {named or 'none'}."
    )


def _alt_differences(found: Confusions) -> str:
    known = [(x.mean, k) for k, x in enumerate(found.differences) if x and math.isfinite(x.mean)]
    if not known:
        return "No class was tested by both."
    (low, worst), (high, best) = min(known), max(known)
    return (
        f"Differences in recall of {short(found.names[1], 60)} to {short(found.names[0], 60)}, "
        f"class by class with 95 % intervals: from {100 * low:+.1f} points for "
        f"{_class(found, worst)} to {100 * high:+.1f} for {_class(found, best)}."
    )


def _class(found: Confusions, number: int) -> str:
    return short(found.classes[number], 40)
