"""Learning curves: training and validation, mean and range over the replicates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnbench.report.chapters import Chapter, NothingToDrawError
from cnnbench.report.pictures.canvas import WIDTHS, Picture, Width, axes_at, new_figure, short
from cnnbench.report.pictures.courses import Course, Quantity, courses_of
from cnnbench.report.pictures.palette import BLUE, LINE, MUTED, ORANGE
from cnnbench.report.quantities import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL = 2.3
"""Inches that one variant's curves are wide."""
MOST = 12
"""Variants that are drawn; more would be neither legible nor small."""
_HEIGHT = 2.75
_LEFT, _RIGHT, _BOTTOM, _TOP, _GAP = 0.48, 0.08, 0.4, 0.24, 0.14
_SPREAD = 95
"""Per cent of all losses that the axis must hold; single ones may be anywhere."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Limits that all panels share, so that they can be compared by eye."""

    epochs: int
    accuracy: tuple[float, float]
    loss: tuple[float, float]


def curves(chapter: Chapter) -> Picture:
    """All variants beside each other. Raises NothingToDrawError without any history."""
    courses = _courses(chapter)
    frame = _frame(courses)

    def draw(width: Width) -> Figure:
        columns = min(len(courses), 3 if width == "double" else 1)
        rows = math.ceil(len(courses) / columns)
        across = WIDTHS[width] / columns if width == "double" else WIDTHS[width]
        figure = new_figure(across * columns, _HEIGHT * rows + 0.25)
        for number, course in enumerate(courses):
            left = across * (number % columns)
            bottom = _HEIGHT * (rows - 1 - number // columns)
            _panel(figure, course, frame, (left, bottom), across)
        figure.text(
            _LEFT / figure.get_figwidth(),
            1 - 0.16 / figure.get_figheight(),
            KEY,
            color=MUTED,
            fontsize=7,
        )
        return figure

    alt = " ".join(_alt(course) for course in courses)
    return Picture("curves", "Learning curves", alt, draw)


def curve_panels(chapter: Chapter) -> list[Picture]:
    """A picture a variant, for where they are to flow. Raises as `curves` does."""
    courses = _courses(chapter)
    frame = _frame(courses)

    def panel(number: int, course: Course) -> Picture:
        def draw(_: Width) -> Figure:
            figure = new_figure(PANEL, _HEIGHT)
            _panel(figure, course, frame, (0, 0), PANEL)
            return figure

        return Picture(f"curves-{number}", short(course.variant), _alt(course), draw)

    return [panel(number, course) for number, course in enumerate(courses, start=1)]


KEY = "blue: validation; orange, dashed: training; band: lowest to highest replicate"
"""What the lines are."""


def _courses(chapter: Chapter) -> list[Course]:
    baseline, chosen = chapter.baseline, chapter.chosen()
    first = [x for x in (baseline, chosen) if x]
    lines = list(chapter.lines)
    if len(lines) > MOST:
        rest = [x for x in lines if x not in first][: MOST - len(first)]
        lines = [x for x in lines if x in first or x in rest]
    found = courses_of(lines)
    if not found:
        raise NothingToDrawError(
            f"{chapter.name}: no history of a trial can be read, so there are no learning curves; "
            "they stand in the folder history/ beside the records"
        )
    return found


def _frame(courses: Sequence[Course]) -> _Frame:
    rates = _finite(courses, ("accuracy", "val_accuracy"))
    losses = _finite(courses, ("loss", "val_loss"))
    low = float(rates.min()) if len(rates) else 0.0
    top = float(np.percentile(losses, _SPREAD)) if len(losses) else 1.0
    epochs = max(course.longest for course in courses)
    least = float(losses.min()) if len(losses) else 0.0
    floor = max(0.0, least - 0.1 * (top - least)) if least > top / 2 else 0.0
    ceiling = top + 0.08 * (top - floor)
    return _Frame(
        epochs,
        (100 * max(0.0, low - 0.03), 101),
        (floor, ceiling if ceiling > floor else floor + 1.0),
    )


def _finite(courses: Sequence[Course], quantities: Sequence[Quantity]) -> np.ndarray:
    curves_ = [x for c in courses for quantity in quantities for x in c.values(quantity)]
    values = np.concatenate(curves_)
    return values[np.isfinite(values)]


def _panel(
    figure: Figure, course: Course, frame: _Frame, corner: tuple[float, float], across: float
) -> None:
    from matplotlib.ticker import MaxNLocator

    left, bottom = corner[0] + _LEFT, corner[1] + _BOTTOM
    width = across - _LEFT - _RIGHT
    height = (_HEIGHT - _BOTTOM - _TOP - _GAP) / 2
    lower = axes_at(figure, left, bottom, width, height)
    upper = axes_at(figure, left, bottom + height + _GAP, width, height)
    for axes in (upper, lower):
        axes.yaxis.set_label_coords(-0.38 / width, 0.5)
        axes.set_xlim(1 if frame.epochs > 1 else 0.5, max(frame.epochs, 1.5))
        axes.grid(visible=True, axis="y")
        axes.set_axisbelow(True)
        axes.tick_params(length=2)
    upper.set_ylim(*frame.accuracy)
    upper.set_xticklabels([])
    upper.set_ylabel("accuracy, %", fontsize=7)
    lower.set_ylim(*frame.loss)
    lower.set_ylabel("loss", fontsize=7)
    lower.set_xlabel("epoch", fontsize=7, labelpad=1)
    lower.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    upper.set_title(short(course.variant, 22), loc="left", fontweight="bold", pad=4)
    _draw(upper, course, ("accuracy", "val_accuracy"), 100)
    _draw(lower, course, ("loss", "val_loss"), 1)


def _draw(axes: Axes, course: Course, quantities: tuple[Quantity, Quantity], factor: float) -> None:
    styles = ((ORANGE, (0, (3, 1.2)), 1.2), (BLUE, "-", 1.6))
    shared = course.shared
    epochs = np.arange(1, course.longest + 1)
    for quantity, (colour, dashes, width) in zip(quantities, styles, strict=True):
        if not course.measured(quantity):
            continue
        all_curves = [factor * curve for curve in course.values(quantity)]
        together = np.array([curve[:shared] for curve in all_curves])
        marker = "o" if shared == 1 else ""
        axes.fill_between(
            epochs[:shared], together.min(0), together.max(0), color=colour, alpha=0.18, lw=0
        )
        axes.plot(
            epochs[:shared],
            together.mean(0),
            color=colour,
            ls=dashes,
            lw=width,
            marker=marker,
            ms=3,
        )
        for curve in all_curves:
            if len(curve) > shared:
                rest = slice(shared - 1, len(curve))
                axes.plot(epochs[rest], curve[rest], color=colour, lw=0.5, alpha=0.8)
    if shared < course.longest:
        axes.axvline(shared, color=LINE, lw=0.8, zorder=0)


def _alt(course: Course) -> str:
    ends = {
        "training accuracy": course.last("accuracy"),
        "validation accuracy": course.last("val_accuracy"),
    }
    said = [f"{name} {percent(value)}" for name, value in ends.items() if value is not None]
    losses = {"training loss": course.last("loss"), "validation loss": course.last("val_loss")}
    said += [f"{name} {value:.2f}" for name, value in losses.items() if value is not None]
    count = len(course.histories)
    trials = f"{count} {'trial' if count == 1 else 'trials'}"
    epochs = f"{course.longest} {'epoch' if course.longest == 1 else 'epochs'}"
    if course.shared < course.longest:
        epochs = f"{course.shared} to {epochs}, as trials stopped early"
    return (
        f"Learning curves of {short(course.variant, 60)} over {epochs}, {trials}; "
        f"at the end {', '.join(said)}."
    )
