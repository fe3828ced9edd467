"""A picture as blocks, one below the other: lines of text and rows of tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from cnnbench.report.pictures.canvas import axes_at
from cnnbench.report.pictures.palette import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Block = tuple[float, Callable[["Figure", float], None]]
"""A height in inches, and what draws it below a place in inches from the lower edge."""
_LINE = 0.2
_LETTERS = 16.5
"""In an inch."""
_EDGE = 0.04
_GAP = 0.05


def stacked(figure: Figure, blocks: Sequence[Block]) -> None:
    """Draw the blocks from the top of a figure that is as tall as they are."""
    top = figure.get_figheight()
    for height, put in blocks:
        put(figure, top)
        top -= height


def text_lines(bold: str, plain: str, across: float) -> Block:
    """A name, and what is said beside it and below. across: inches."""
    beside = " " * round(1.2 * len(bold) + 2 * bool(bold))  # bold letters are wider
    lines = [x.strip() for x in wrap(plain, round(across * _LETTERS), initial_indent=beside)]

    def put(figure: Figure, top: float) -> None:
        wide, up = figure.get_size_inches()
        place, height = _EDGE / wide, (top - _LINE + 0.05) / up
        name = figure.text(place, height, bold, weight="bold")
        end = name.get_window_extent().x1 / figure.dpi / wide + 0.1 / wide if bold else place
        for number, line in enumerate(lines):
            figure.text(place if number else end, height - number * _LINE / up, line, color=MUTED)

    return _LINE * max(len(lines), 1), put


def row_of_tiles(
    tiles: Sequence[Callable[[Axes], None]], across: float, places: int, proportion: float
) -> Block:
    """Tiles in a row that has room for `places`. proportion: height of each over its width."""
    side = across / places
    height = side * min(max(proportion, 0.25), 2.0)

    def put(figure: Figure, top: float) -> None:
        for place, show in enumerate(tiles):
            left = side * place + _GAP / 2
            show(axes_at(figure, left, top - height + _GAP / 2, side - _GAP, height - _GAP))

    return height, put
