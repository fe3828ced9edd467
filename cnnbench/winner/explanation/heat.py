"""Heat over what was looked at, for whom it speaks, and the likeliest classes beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.report.pictures.canvas import WIDTHS, Width, axes_at, short
from cnnbench.report.pictures.palette import BLUE, INK, MUTED
from cnnbench.report.quantities import percent
from cnnbench.winner.explanation.explanation import Explanation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIKELIEST = 5
"""Classes whose probabilities are shown."""
EVEN = "viridis"
"""A map of colours that grow lighter evenly, in print without colours too (Smith and van der Walt
2015)."""
VEIL = 0.6
"""Opacity of heat over an image."""
_BESIDE: dict[Width, float] = {"double": 1.1, "single": 0.75}
"""Inches for the names of classes."""
_LETTERS: dict[Width, int] = {"double": 14, "single": 8}
_BEHIND = 0.6
"""Inches for percentages behind their bars."""


def draw_heat(
    axes: Axes,
    heat: NDArray[np.float32],
    frame: tuple[float, float, float, float],
    **options: Any,
) -> None:
    """Heat, (rows, columns), drawn out to a frame. options: of matplotlib's imshow."""
    axes.imshow(
        heat / (float(heat.max()) or 1.0),
        cmap=EVEN,
        vmin=0,
        vmax=1,
        alpha=VEIL,
        extent=frame,
        interpolation="bilinear",
        **options,
    )


def name_class(axes: Axes, explained: Explanation, row: int) -> None:
    """Say below which class the heat speaks for, or that nothing does."""
    assert explained.heat is not None
    said = f"for {short(explained.class_of(row), 16)}"
    some = explained.heat.values[row].any()
    axes.set_xlabel(said if some else f"nothing {said}", labelpad=3)


def draw_probabilities(
    figure: Figure,
    explained: Explanation,
    row: int,
    width: Width,
    place: tuple[float, float, float],
) -> None:
    """Bars of the likeliest classes. place: where they may begin, their top and height, inches."""
    assert explained.heat is not None
    start, top, tall = place
    left = start + _BESIDE[width]
    axes = axes_at(figure, left, top - tall, WIDTHS[width] - left - _BEHIND, tall)
    values = explained.heat.probabilities[row]
    likeliest = np.argsort(-values, kind="stable")[:LIKELIEST]
    names = [short(explained.subject.classes[i], _LETTERS[width]) for i in likeliest]
    places = range(len(likeliest))
    axes.barh(places, values[likeliest], color=BLUE, height=0.6)
    axes.set(xlim=(0, 1), ylim=(LIKELIEST - 0.4, -0.6), xticks=[])
    axes.set_yticks(list(places), names)
    axes.tick_params(length=0, labelcolor=INK)
    axes.spines[:].set_visible(False)
    for at, value in zip(places, values[likeliest].tolist(), strict=True):
        axes.text(value + 0.03, at, percent(value), va="center", color=MUTED)
