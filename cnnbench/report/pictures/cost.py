"""What accuracy costs, in time, parameters and energy, with the step no variant is above."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnbench.comparison.intervals import Estimate
from cnnbench.report.chapters import Chapter, NothingToDrawError
from cnnbench.report.pictures.canvas import WIDTHS, Picture, Width, axes_at, new_figure, short
from cnnbench.report.pictures.palette import BLUE, INK, LINE, MUTED
from cnnbench.report.quantities import duration, energy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINE_HEIGHT = 0.15
"""Inches between names beside the axes."""
_NAMES = 1.25
_LEFT, _BOTTOM, _TOP = 0.48, 0.42, 0.22
_DIFFERENT = 1.02
"""Costs that differ by less are one and the same to whoever weighs them."""
_WIDE_RANGE = 20
"""Costs that differ by more are drawn on a logarithmic axis."""


@dataclass(frozen=True, slots=True)
class Point:
    """A variant. best: whether none is at least as good for less."""

    name: str
    cost: float
    value: Estimate
    best: bool = False


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    title: str
    axis: str
    say: Callable[[float], str]


_KINDS = (
    _Kind("cost-time", "training time", "training, seconds", duration),
    _Kind("cost-size", "parameters", "parameters", lambda number: f"{number:,.0f}"),
    _Kind("cost-energy", "energy", "energy, joules", energy),
)


def cost(chapter: Chapter) -> Picture:
    """Every cost. Raises NothingToDrawError of a metric that is one, or if no two differ."""
    found = _weighed(chapter)
    tall = _height(chapter)

    def draw(width: Width) -> Figure:
        wide = width == "double"
        columns = min(len(found), 2) if wide else 1
        across = WIDTHS[width] / columns
        rows = math.ceil(len(found) / columns)
        figure = new_figure(across * columns, tall * rows)
        for number, (kind, points) in enumerate(found):
            corner = (across * (number % columns), tall * (rows - 1 - number // columns))
            _panel(figure, chapter, (kind, points), corner, (across, tall))
        return figure

    alt = " ".join(_alt(chapter, kind, points) for kind, points in found)
    return Picture("cost", "Quality against cost", alt, draw)


def cost_panels(chapter: Chapter) -> list[Picture]:
    """A picture a cost. Raises as `cost` does."""
    size = (WIDTHS["single"], _height(chapter))

    def panel(kind: _Kind, points: list[Point]) -> Picture:
        def draw(_: Width) -> Figure:
            figure = new_figure(*size)
            _panel(figure, chapter, (kind, points), (0, 0), size)
            return figure

        title = f"{chapter.measure.metric.title} against {kind.title}".capitalize()
        return Picture(kind.name, title, _alt(chapter, kind, points), draw, _finding(kind, points))

    return [panel(kind, points) for kind, points in _weighed(chapter)]


def pareto(points: list[Point], *, higher_is_better: bool) -> list[Point]:
    """The same by rising cost; the best are those that every cheaper one is worse than."""
    sign = 1 if higher_is_better else -1
    ordered = sorted(points, key=lambda x: (x.cost, -sign * x.value.mean))
    marked, top = [], float("-inf")
    for point in ordered:
        best = sign * point.value.mean > top
        top = max(top, sign * point.value.mean)
        marked.append(Point(point.name, point.cost, point.value, best))
    return marked


def _weighed(chapter: Chapter) -> list[tuple[_Kind, list[Point]]]:
    """The costs in which variants differ enough to be told apart. Raises as `cost` does."""
    metric = chapter.measure.metric
    if metric.cost:
        raise NothingToDrawError(
            f"{chapter.name}: {metric.title} is a cost itself, so there is nothing to weigh; ask "
            "for a metric of predictions, as accuracy"
        )
    found = []
    for kind in _KINDS:
        points = []
        for row in chapter.table.rows:
            spent = {
                "cost-time": row.training_seconds,
                "cost-size": row.parameters,
                "cost-energy": row.joules,
            }[kind.name]
            if row.value and spent is not None and spent > 0:
                points.append(Point(row.variant, float(spent), row.value))
        costs = [point.cost for point in points]
        if costs and max(costs) > _DIFFERENT * min(costs):
            found.append((kind, pareto(points, higher_is_better=metric.higher_is_better)))
    if not found:
        raise NothingToDrawError(
            f"{chapter.name}: the variants cost the same, or no cost was recorded, so there is "
            "nothing to weigh"
        )
    return found


def _height(chapter: Chapter) -> float:
    return max(2.5, _BOTTOM + _TOP + _LINE_HEIGHT * (len(chapter.table.rows) + 1))


def _panel(
    figure: Figure,
    chapter: Chapter,
    drawn: tuple[_Kind, list[Point]],
    corner: tuple[float, float],
    size: tuple[float, float],
) -> None:
    from matplotlib.ticker import MaxNLocator, NullFormatter

    kind, points = drawn
    width, height = size[0] - _LEFT - _NAMES, size[1] - _BOTTOM - _TOP
    axes = axes_at(figure, corner[0] + _LEFT, corner[1] + _BOTTOM, width, height)
    costs = [point.cost for point in points]
    if max(costs) > _WIDE_RANGE * min(costs):
        axes.set_xscale("log")  # whose own formatter writes formulas, and names here are none
        axes.xaxis.set_major_formatter(lambda number, _: f"{number:.10g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, 1.08 * max(costs))
        axes.xaxis.set_major_locator(MaxNLocator(4))
    if max(costs) >= 10_000:  # noqa: PLR2004 - shorter in thousands
        axes.xaxis.set_major_formatter(lambda number, _: _thousands(number))
    scale = chapter.scale
    _step(axes, points, scale.factor)
    for point in points:
        colour = BLUE if point.best else INK
        value = scale.factor * point.value.mean
        if interval := point.value.interval:
            ends = [scale.factor * interval.low, scale.factor * interval.high]
            axes.plot([point.cost] * 2, ends, color=colour, lw=0.8, alpha=0.55)
        axes.plot(
            [point.cost],
            [value],
            marker="o" if point.best else "s",
            ms=5 if point.best else 4,
            color=colour,
        )
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    _names(axes, points, scale.factor, height)
    unit = f", {scale.unit}" if scale.unit else ""
    split = f"{chapter.comparison.split} {chapter.measure.metric.title}{unit}"
    axes.set_title(split, loc="left", color=MUTED, pad=6)
    axes.set_xlabel(kind.axis)
    axes.tick_params(length=2)


def _thousands(number: float) -> str:
    if number >= 1e6:  # noqa: PLR2004
        return f"{number / 1e6:g}M"
    return f"{number / 1000:g}k" if number else "0"


def _step(axes: Axes, points: list[Point], factor: float) -> None:
    """What can be had for each cost: the best of all that are not dearer."""
    best = [point for point in points if point.best]
    right = axes.get_xlim()[1] if axes.get_xscale() == "linear" else max(p.cost for p in points)
    axes.step(
        [*(point.cost for point in best), right],
        [factor * point.value.mean for point in (*best, best[-1])],
        where="post",
        color=BLUE,
        lw=1,
        ls=(0, (4, 2)),
        zorder=1,
    )


def _names(axes: Axes, points: list[Point], factor: float, height: float) -> None:
    """Beside the axes, in the order of the values, as near to them as they fit."""
    low, high = axes.get_ylim()
    step = _LINE_HEIGHT / height
    ordered = sorted(points, key=lambda point: point.value.mean)
    wanted = [(factor * x.value.mean - low) / (high - low) for x in ordered]
    places = spread(wanted, step)
    for point, wish, place in zip(ordered, wanted, places, strict=True):
        axes.annotate(
            short(point.name, 17),
            (point.cost, low + wish * (high - low)),
            xycoords="data",
            xytext=(1.08, place),
            textcoords="axes fraction",
            va="center",
            fontsize=7,
            color=BLUE if point.best else INK,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": LINE, "lw": 0.6, "shrinkA": 1, "shrinkB": 3},
        )


def spread(wanted: list[float], step: float) -> list[float]:
    """Rising places at least a step apart, near those wanted: groups that touch are centred."""
    groups: list[tuple[float, int]] = []  # centre and size
    for place in wanted:
        centre, size = place, 1
        while groups and groups[-1][0] + step * (groups[-1][1] + size) / 2 > centre:
            other, count = groups.pop()
            centre = (other * count + centre * size) / (count + size)
            size += count
        groups.append((centre, size))
    return [centre + step * (k - (size - 1) / 2) for centre, size in groups for k in range(size)]


def _alt(chapter: Chapter, kind: _Kind, points: list[Point]) -> str:
    scale = chapter.scale
    said = "; ".join(
        f"{short(x.name, 60)} {scale.value(x.value)} for {kind.say(x.cost)}" for x in points
    )
    title = chapter.measure.metric.title.capitalize()
    return f"{title} against {kind.title}: {said}. {_finding(kind, points)}"


def _finding(kind: _Kind, points: list[Point]) -> str:
    best = ", ".join(f"{short(x.name, 60)} ({kind.say(x.cost)})" for x in points if x.best)
    return f"By {kind.title}, nothing better or as good is cheaper than {best}."
