"""Techniques against amounts, such as the number of images to learn from: mean and interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnbench.comparison.curves import IMAGES
from cnnbench.comparison.values import Comparison, Curve, Table, Technique
from cnnbench.report.cells import scale_for
from cnnbench.report.columns import amount_name, amount_text
from cnnbench.report.curve import row_at
from cnnbench.report.pictures.canvas import WIDTHS, Picture, Width, axes_at, new_figure, short
from cnnbench.report.pictures.cost import spread
from cnnbench.report.pictures.palette import BLUE, INK, LINE, MUTED, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHT = 2.9
_LEFT, _BOTTOM, _TOP, _NAMES = 0.48, 0.42, 0.24, 1.15
_LINE_HEIGHT = 0.15
"""Inches between names beside the axes."""
_Style = tuple[str, str, str | tuple[int, tuple[float, float]]]
"""Colour, marker and line."""
_STYLES: tuple[_Style, ...] = (
    (BLUE, "o", "-"),
    (ORANGE, "s", "-"),
    (MUTED, "^", "-"),
    (BLUE, "D", ":"),
)
"""Of techniques; further ones begin again with thinner lines and hollow markers."""
_BASELINE: _Style = (INK, "o", (0, (3, 1.2)))


def amounts(comparison: Comparison, table: Table, curve: Curve) -> Picture:
    """A line with its 95 % band for each technique, over a logarithmic axis."""

    def draw(width: Width) -> Figure:
        figure = new_figure(WIDTHS[width], _HEIGHT)
        _panel(figure, comparison, table, curve)
        return figure

    title = f"{comparison.metric.title} against {amount_name(table, curve)}"
    return Picture("amounts", title.capitalize(), _alt(comparison, table, curve), draw)


def _panel(figure: Figure, comparison: Comparison, table: Table, curve: Curve) -> None:
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    width, height = figure.get_size_inches()
    axes = axes_at(figure, _LEFT, _BOTTOM, width - _LEFT - _NAMES, height - _BOTTOM - _TOP)
    if curve.amounts[0] > 0:
        axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(curve.amounts)))
    axes.xaxis.set_major_formatter(lambda number, _: amount_text(float(number)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    scale = scale_for(comparison, table)
    ends: list[tuple[float, float, str, str]] = []
    others = 0
    for technique in curve.techniques:
        style, thin = _BASELINE, False
        if not technique.is_baseline:
            style, thin = _STYLES[others % len(_STYLES)], others >= len(_STYLES)
            others += 1
        end = _line(axes, (table, curve, technique), scale.factor, style, thin=thin)
        if end is not None:
            ends.append((*end, technique.name, style[0]))
    _names(axes, ends, height - _BOTTOM - _TOP)
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    axes.tick_params(length=2)
    unit = f", {scale.unit}" if scale.unit else ""
    title = f"{comparison.split} {comparison.metric.title}{unit}"
    axes.set_title(title, loc="left", color=MUTED, pad=6)
    axes.set_xlabel(f"training {table.things}" if curve.key == IMAGES else curve.key)


def _line(
    axes: Axes,
    drawn: tuple[Table, Curve, Technique],
    factor: float,
    style: _Style,
    *,
    thin: bool,
) -> tuple[float, float] | None:
    """Draw a technique; return where its line ends, None where nothing is known of it."""
    table, curve, technique = drawn
    colour, marker, dashes = style
    points = [
        (amount, row.value)
        for place, amount in enumerate(curve.amounts)
        if (row := row_at(table, technique, place)) and row.value
    ]
    if not points:
        return None
    band = [(x, value.interval) for x, value in points if value.interval]
    axes.fill_between(
        [x for x, _ in band],
        [factor * interval.low for _, interval in band],
        [factor * interval.high for _, interval in band],
        color=colour,
        alpha=0.12,
        lw=0,
    )
    axes.plot(
        [x for x, _ in points],
        [factor * value.mean for _, value in points],
        color=colour,
        ls=dashes,
        lw=0.8 if thin else 1.5,
        marker=marker,
        ms=4,
        mfc="none" if thin else colour,
    )
    return points[-1][0], factor * points[-1][1].mean


def _names(axes: Axes, ends: list[tuple[float, float, str, str]], height: float) -> None:
    """Beside the axes, as near to the ends of the lines as they fit."""
    low, high = axes.get_ylim()
    ordered = sorted(ends, key=lambda end: end[1])
    wanted = [(y - low) / (high - low) for _, y, _, _ in ordered]
    places = spread(wanted, _LINE_HEIGHT / height)
    for (x, y, name, colour), place in zip(ordered, places, strict=True):
        axes.annotate(
            short(name, 17),
            (x, y),
            xycoords="data",
            xytext=(1.06, place),
            textcoords="axes fraction",
            va="center",
            fontsize=7,
            color=colour,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": LINE, "lw": 0.6, "shrinkA": 1, "shrinkB": 3},
        )


def _alt(comparison: Comparison, table: Table, curve: Curve) -> str:
    scale = scale_for(comparison, table)
    lines = []
    for technique in curve.techniques:
        said = [
            f"{amount_text(amount)} {scale.value(row.value)}"
            for place, amount in enumerate(curve.amounts)
            if (row := row_at(table, technique, place)) and row.value
        ]
        lines.append(f"{short(technique.name, 60)}: {', '.join(said) or 'nothing recorded'}")
    title = f"{comparison.metric.title} against {amount_name(table, curve)}".capitalize()
    return f"{title}. {'; '.join(lines)}."
