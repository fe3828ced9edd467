"""The images that a variant gets wrong, rescues and breaks, in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.kept import kept_images
from cnnbench.report.chapters import Chapter, NothingToDrawError
from cnnbench.report.pictures.canvas import (
    WIDTHS,
    Picture,
    Width,
    axes_at,
    new_figure,
    short,
    show_image,
)
from cnnbench.report.pictures.mistakes import Mistake, mistakes_of
from cnnbench.report.pictures.palette import MUTED
from cnnbench.report.pictures.predicted import both_of
from cnnbench.report.pictures.waveform import as_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ACROSS: dict[Width, int] = {"double": 8, "single": 4}
_BELOW, _ABOVE = 0.3, 0.22


def images(chapter: Chapter, variant: str | None = None) -> Picture:
    """Three rows. Raises NothingToDrawError without predictions, or where the images are gone."""
    things = chapter.table.things
    both = both_of(chapter, variant)
    pixels = kept_images(both.digest)
    if pixels is None:
        raise NothingToDrawError(gone(both.source, things))
    found = mistakes_of(both, max(_ACROSS.values()))
    name = short(both.variant, 40)
    kinds = (
        (f"most wrong with {name}", found.worst),
        (f"rescued by {name}", found.rescued),
        (f"broken by {name}", found.broken),
    )
    rows = [(title, [x for x in row if 0 <= x.row < len(pixels)]) for title, row in kinds]

    def draw(width: Width) -> Figure:
        return _draw(pixels, rows, both.classes, width)

    said = "; ".join(
        f"{title}: {', '.join(_taken(x, both.classes) for x in row) or 'none'}"
        for title, row in rows
    )
    return Picture("images", things.capitalize(), f"{things.capitalize()} {said}.", draw)


def gone(source: str, things: str) -> str:
    """Why images are not shown, and how they come back. things: what they are called."""
    return (
        f"The {things} themselves can't be shown: the cache of decoded {things} no longer holds "
        f"those of {short(source, 60)} with this digest. Running the recipe once more brings them "
        "back, without training anything that is recorded."
    )


def _draw(
    pixels: NDArray[np.uint8] | NDArray[np.float32],
    rows: Sequence[tuple[str, Sequence[Mistake]]],
    classes: Sequence[str],
    width: Width,
) -> Figure:
    columns = _ACROSS[width]
    side = WIDTHS[width] / columns
    tall = side + _BELOW + _ABOVE
    figure = new_figure(WIDTHS[width], tall * len(rows))
    for number, (title, row) in enumerate(rows):
        bottom = tall * (len(rows) - 1 - number)
        top = (bottom + tall - 0.16) / figure.get_figheight()
        figure.text(0.01, top, title, weight="bold")
        if not row:
            figure.text(0.01, top - 0.25 / figure.get_figheight(), "none", color=MUTED)
        for column, mistake in enumerate(row[:columns]):
            axes = axes_at(figure, side * column + 0.04, bottom + _BELOW, side - 0.08, side - 0.08)
            show_image(axes, as_picture(pixels[mistake.row]))
            axes.set_xlabel(_said(mistake, classes, 7), fontsize=6.5, labelpad=2)
    return figure


def _said(mistake: Mistake, classes: Sequence[str], most: int = 30) -> str:
    return f"{short(classes[mistake.label], most)}, said {short(classes[mistake.said], most)}"


def _taken(mistake: Mistake, classes: Sequence[str]) -> str:
    return f"{short(classes[mistake.label], 30)} taken for {short(classes[mistake.said], 30)}"
