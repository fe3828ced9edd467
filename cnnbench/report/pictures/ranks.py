"""Mean ranks over data sets on a line, those not told apart joined (Demsar 2006, figure 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnbench.comparison.values import Comparison, Ranks
from cnnbench.report.pictures.canvas import WIDTHS, Picture, Width, axes_at, new_figure, short
from cnnbench.report.pictures.palette import BLUE, INK, MUTED
from cnnbench.report.ranks import ranks_answer, ranks_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = {"double": 1.75, "single": 1.2}
_LETTERS = {"double": 24, "single": 14}
_SIZE = {"double": 8.0, "single": 7.0}
_STEP, _TOP, _BAR, _BELOW = 0.2, 0.62, 0.11, 0.3
"""Inches: between names, above the line, between the bars below it, and under the last name."""


def ranks_picture(comparison: Comparison, ranks: Ranks) -> Picture:
    """The best on the left; a bar joins variants that are not told apart."""

    def draw(width: Width) -> Figure:
        return _draw(ranks, width)

    ranking = ranks.ranking
    listed = "; ".join(f"{short(x, 60)} {ranking.ranks[x]:.2f}" for x in ranking.ordered)
    alt = (
        f"{ranks_title(ranks)}, by {comparison.split} {comparison.metric.title}, on a line from 1, "
        f"the best, to {len(ranking.ranks)}: {listed}. Critical difference "
        f"{ranking.critical:.2f}. {ranks_answer(ranks)}"
    )
    return Picture("ranks", ranks_title(ranks), alt, draw)


def _draw(ranks: Ranks, width: Width) -> Figure:
    ranking = ranks.ranking
    names = ranking.ordered
    bars = ranking.alike
    left_names, right_names = names[: (len(names) + 1) // 2], names[(len(names) + 1) // 2 :]
    gap = _BAR * (len(bars) + 1)
    height = _TOP + gap + _STEP * len(left_names) + _BELOW
    across, side = WIDTHS[width], _SIDE[width]
    figure = new_figure(across, height)
    # One inch of the axes is one inch of the figure, upward from the bottom.
    axes = axes_at(figure, side, 0, across - 2 * side, height)
    axes.set_xlim(1, len(names))
    axes.set_ylim(0, height)
    axes.axis("off")
    line = height - _TOP
    axes.plot([1, len(names)], [line, line], color=MUTED, lw=0.9, clip_on=False)
    for number in range(1, len(names) + 1):
        axes.plot([number] * 2, [line, line + 0.06], color=MUTED, lw=0.9, clip_on=False)
        axes.text(number, line + 0.1, str(number), ha="center", va="bottom", color=MUTED)
    _critical(axes, ranking.critical, len(names), line + 0.34)
    for number, group in enumerate(bars, start=1):
        low, high = ranking.ranks[group[0]], ranking.ranks[group[-1]]
        pad = 0.012 * (len(names) - 1)
        axes.plot(
            [low - pad, high + pad], [line - _BAR * number] * 2, color=BLUE, lw=3, clip_on=False
        )
    for number, name in enumerate(left_names):
        y = line - gap - _STEP * (number + 0.5)
        _name(axes, ranking.ranks[name], name, (line, y), width, left=True)
    for number, name in enumerate(reversed(right_names)):
        y = line - gap - _STEP * (number + 0.5)
        _name(axes, ranking.ranks[name], name, (line, y), width, left=False)
    told = "bars: not told apart" if ranking.p < ranking.level else "bar: none told apart"
    figure.text(
        0.12 / across,
        0.06 / height,
        f"mean rank, 1 the best; {told}",
        color=MUTED,
        fontsize=6.5,
        ha="left",
    )
    return figure


def _critical(axes: Axes, size: float, most: int, y: float) -> None:
    """The critical difference, as long as it is on the line below."""
    end = min(1 + size, most)
    axes.plot([1, end], [y, y], color=INK, lw=1.2, clip_on=False)
    for x in (1.0, end):
        axes.plot([x, x], [y - 0.04, y + 0.04], color=INK, lw=1.2, clip_on=False)
    longer = "" if size <= most - 1 else ", longer than the line"
    text = f"critical difference {size:.2f}{longer}"
    axes.text((1 + end) / 2, y + 0.06, text, ha="center", va="bottom", color=INK, fontsize=7)


def _name(
    axes: Axes, rank: float, name: str, ends: tuple[float, float], width: Width, *, left: bool
) -> None:
    """From the line down to a row of its own, and out to the margin."""
    line, y = ends
    low, high = axes.get_xlim()
    edge = low if left else high
    axes.plot([rank, rank, edge], [line, y, y], color=INK, lw=0.8, clip_on=False)
    axes.plot([rank], [line], marker="o", ms=3.5, color=INK, clip_on=False)
    shown = short(name, _LETTERS[width])
    axes.annotate(
        f"{shown} {rank:.2f}" if left else f"{rank:.2f} {shown}",
        (edge, y),
        xytext=(-4 if left else 4, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center_baseline",
        color=INK,
        fontsize=_SIZE[width],
        annotation_clip=False,
    )
