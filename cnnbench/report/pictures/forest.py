"""The differences to the baseline, each with its interval and a tick for every pair."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from cnnbench.report.chapters import NO_DIFFERENCE, Chapter, Line, NothingToDrawError
from cnnbench.report.pictures.canvas import (
    WIDTHS,
    Picture,
    Width,
    axes_at,
    new_figure,
    short,
)
from cnnbench.report.pictures.palette import BAND, BLUE, INK, LINE, MUTED, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = {"double": 0.34, "single": 0.6}
_BELOW = {"double": 0.62, "single": 0.72}
_LEGEND = 62
"""Letters of the legend that stand on a line of a narrow picture."""
_WORDS = 16
"""Letters of a verdict beside the numbers; longer ones take two lines."""
_WIDEST = 1.6
"""How many times as wide as the pairs' own range the axis may become for the sake of intervals."""


def forest(chapter: Chapter) -> Picture:
    """A line a variant. Raises NothingToDrawError if none has a difference to the baseline."""
    lines = [line for line in chapter.others if line.row.difference or line.row.judgement]
    if not any(line.row.difference for line in lines):
        raise NothingToDrawError(f"{chapter.name}: {NO_DIFFERENCE}, so there is none to draw")

    def draw(width: Width) -> Figure:
        return _draw(chapter, lines, width)

    return Picture("forest", "Differences to the baseline", _alt(chapter, lines), draw)


def _alt(chapter: Chapter, lines: list[Line]) -> str:
    scale = chapter.scale
    parts = [
        f"{short(line.row.variant, 60)} {scale.difference(line.row.difference)} "
        f"over {_pairs(line)}, {_words(line)}"
        if line.row.difference
        else f"{short(line.row.variant, 60)} {_words(line)}"
        for line in lines
    ]
    unit = f" in {scale.points}" if scale.points else ""
    return (
        f"Forest plot of differences in {chapter.measure.metric.title} to "
        f"{short(chapter.table.baseline, 60)}{unit}, with 95 % intervals: {'; '.join(parts)}."
    )


def _pairs(line: Line) -> str:
    count = len(line.differences)
    return f"{count} {'pair' if count == 1 else 'pairs'}"


def _words(line: Line) -> str:
    return line.row.judgement.verdict.words if line.row.judgement else "not judged"


def _colour(line: Line) -> str:
    """Only of what is settled, and beside its word."""
    outcome = line.row.judgement.verdict.outcome if line.row.judgement else None
    return INK if outcome is None else BLUE if outcome.helps else ORANGE if outcome.hurts else INK


def _margin(chapter: Chapter) -> float:
    """0 where the metric has none."""
    return chapter.table.margin.value if chapter.table.margin else 0.0


def _draw(chapter: Chapter, lines: list[Line], width: Width) -> Figure:
    from matplotlib.ticker import MaxNLocator

    across = WIDTHS[width]
    row = _ROW[width]
    wide = width == "double"
    tall = row * len(lines)
    below = _BELOW[width]
    figure = new_figure(across, tall + below + 0.08)
    left, right = (1.75, 2.6) if wide else (0.12, 0.12)
    axes = axes_at(figure, left, below, across - left - right, tall)
    factor = chapter.scale.factor
    low, high = _limits(chapter, lines)
    axes.set_xlim(low, high)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    if margin := factor * _margin(chapter):
        axes.axvspan(-margin, margin, color=BAND, lw=0, zorder=0)
    axes.axvline(0, color=MUTED, lw=0.9, zorder=1)
    for number, line in enumerate(lines):
        _draw_line(axes, chapter, line, number if wide else number + 0.2, 0.2 if wide else 0.16)
        if number:
            axes.axhline(number - 0.5, color=LINE, lw=0.4, zorder=0)
        _write(axes, chapter, line, number, wide=wide)
    axes.xaxis.set_major_locator(MaxNLocator(6 if wide else 5))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    unit = chapter.scale.points or chapter.measure.metric.title
    better = "\N{RIGHTWARDS ARROW}" if chapter.measure.metric.higher_is_better else ""
    worse = "" if better else "\N{LEFTWARDS ARROW}"
    base = short(chapter.table.baseline, 22 if wide else 14)
    axes.set_xlabel(f"{worse} difference to {base}, {unit} {better}".strip())
    figure.text(
        left / across,
        0.06 / figure.get_figheight(),
        _legend(chapter) if wide else fill(_legend(chapter), _LEGEND),
        color=MUTED,
        fontsize=6.5,
        ha="left",
    )
    return figure


def _legend(chapter: Chapter) -> str:
    family = chapter.table.family
    strict = f", as strict as {family} comparisons ask for" if family > 1 else ""
    band = f"; band: less than {chapter.table.margin.words}" if chapter.table.margin else ""
    published = "; hollow: published" if _published(chapter) else ""
    return f"dot: mean; line: 95 % interval{strict}; ticks: pairs{band}{published}"


def _published(chapter: Chapter) -> dict[str, float]:
    """By variant, what others reported, less what they reported of the baseline."""
    figures, baseline = chapter.table.published, chapter.table.baseline
    if baseline not in figures:
        return {}
    return {name: x - figures[baseline] for name, x in figures.items() if name != baseline}


def _limits(chapter: Chapter, lines: list[Line]) -> tuple[float, float]:
    """Around all pairs, zero and the margin, and around the intervals unless they are huge."""
    factor = chapter.scale.factor
    margin = _margin(chapter)
    inner = [factor * x for line in lines if line.row.difference for x in line.differences.values()]
    inner += [0.0, -factor * margin, factor * margin]
    published = _published(chapter)
    names = {line.row.variant for line in lines}
    inner += [factor * value for name, value in published.items() if name in names]
    ends = [
        factor * end
        for line in lines
        if line.row.difference and (interval := line.row.difference.interval)
        for end in (interval.low, interval.high)
    ]
    low, high = min(inner), max(inner)
    span = (high - low) or 1.0
    middle = (low + high) / 2
    low = max(min([low, *ends]), middle - span * _WIDEST)
    high = min(max([high, *ends]), middle + span * _WIDEST)
    pad = 0.04 * (high - low)
    return low - pad, high + pad


def _draw_line(axes: Axes, chapter: Chapter, line: Line, y: float, below: float) -> None:
    difference = line.row.difference
    if difference is None:
        return
    factor = chapter.scale.factor
    colour = _colour(line)
    axes.plot(
        [factor * x for x in line.differences.values()],
        [y + below] * len(line.differences),
        ls="none",
        marker="|",
        ms=5,
        mew=0.9,
        color=INK,
        alpha=0.75,
        zorder=2,
    )
    low, high = axes.get_xlim()
    if interval := difference.interval:
        ends = factor * interval.low, factor * interval.high
        axes.plot([max(ends[0], low), min(ends[1], high)], [y, y], color=colour, lw=2, zorder=3)
        for end, limit, marker in ((ends[0], low, "<"), (ends[1], high, ">")):
            if (end < low) if marker == "<" else (end > high):
                axes.plot([limit], [y], marker=marker, color=colour, ms=4, clip_on=False, zorder=3)
    axes.plot([factor * difference.mean], [y], marker="o", ms=5.5, color=colour, zorder=4)
    if line.row.variant in (published := _published(chapter)):
        axes.plot(
            [factor * published[line.row.variant]], [y], marker="D", ms=5, mfc="none", mec=MUTED
        )


def _write(axes: Axes, chapter: Chapter, line: Line, number: int, *, wide: bool) -> None:
    """Name, numbers and verdict: beside the axes where there is room, above the line if not."""
    colour = _colour(line)
    difference = line.row.difference
    numbers = chapter.scale.difference(difference) if difference else "no difference"
    blend = axes.get_yaxis_transform()
    if wide:
        places = ((-0.03, "right", short(line.row.variant, 24), INK), (1.03, "left", numbers, INK))
        for x, align, text, ink in places:
            axes.text(x, number, text, transform=blend, ha=align, va="center_baseline", color=ink)
        axes.annotate(
            fill(_words(line), _WORDS),
            (1.03, number),
            xycoords=blend,
            xytext=(102, 0),
            textcoords="offset points",
            va="center_baseline",
            color=colour,
            weight="bold",
            fontsize=7.5,
            linespacing=1.0,
        )
        return
    y = number - 0.32
    for x, up, text, ink, weight in (
        (0, y, short(line.row.variant, 22), INK, "bold"),
        (1, y, numbers, INK, "normal"),
        (1, y + 0.24, _words(line), colour, "normal"),
    ):
        side = "right" if x else "left"
        axes.text(
            x, up, text, transform=blend, ha=side, va="center_baseline", color=ink, weight=weight
        )
