"""A recipe's images before anything trains: classes, samples, and what augmentation draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnbench.planning.preview import EPOCHS, SAMPLES, SHOWN, ClassSample, Draws, Preview, Sampled
from cnnbench.report.pictures.canvas import (
    WIDTHS,
    Picture,
    Width,
    axes_at,
    new_figure,
    short,
    show_image,
)
from cnnbench.report.pictures.palette import BLUE, MUTED
from cnnbench.report.pictures.waveform import as_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES = 25
MOST_DRAWS = 25
MOST_CHOICES = 4
"""What a picture shows at most: it says how many more there are."""
_LEFT = 1.5
_LINE = 0.2
_LETTERS = 118
_GAP = 0.04
_BETWEEN = 0.12
_BAR = 0.06

Block = tuple[float, Callable[["Figure", float], None]]
"""A height in inches, and what draws it below a place in inches from the lower edge."""


def look(preview: Preview) -> Picture:
    """One picture of all: rows of classes, then rows of variants."""
    said = [f"{sampled.source}: {sampled.summary}" for sampled in preview.sampled]
    said += [f"{', '.join(draws.variants)}: {draws.settings}" for draws in preview.draws]

    def draw(width: Width) -> Figure:
        across = WIDTHS[width]
        blocks = list(_blocks(preview, across))
        figure = new_figure(across, sum(height for height, _ in blocks))
        top = figure.get_figheight()
        for height, put in blocks:
            put(figure, top)
            top -= height
        return figure

    return Picture("look", preview.recipe.title, f"{'; '.join(said)}.", draw)


def _blocks(preview: Preview, across: float) -> Iterator[Block]:
    for sampled in preview.sampled[:MOST_CHOICES]:
        yield _text(short(sampled.source, 80), _shape(sampled))
        most = max(sum(each.counts) for each in sampled.classes)
        for each in sampled.classes[:MOST_CLASSES]:
            yield _class_row(each, most, across)
        yield from _rest(len(sampled.classes) - MOST_CLASSES, "classes")
    yield from _rest(len(preview.sampled) - MOST_CHOICES, "choices of images")
    if not preview.draws:
        yield _text("", "No variant augments its images: training sees them as they are.")
        return
    yield (0.1, lambda *_: None)
    yield _text(
        "Augmented",
        f"{SHOWN} training images, then each in the first {EPOCHS} epochs of the first replicate",
    )
    shown = _by_images(preview.draws)[:MOST_DRAWS]
    for _, group in groupby(shown, key=_images):
        rows = list(group)
        yield _tiles([[image] for image in rows[0].originals], across)
        for draws in rows:
            yield _text(short(", ".join(draws.variants), 50), draws.settings)
            yield _tiles(list(_pixels(draws.drawn).swapaxes(0, 1)), across)
    yield from _rest(len(preview.draws) - MOST_DRAWS, "variants")


def _images(draws: Draws) -> tuple[bytes, bytes]:
    return draws.rows.tobytes(), draws.originals.tobytes()


def _by_images(draws: Sequence[Draws]) -> list[Draws]:
    """Those of the same images beside each other."""
    order = list(dict.fromkeys(map(_images, draws)))
    return sorted(draws, key=lambda each: order.index(_images(each)))


def _pixels(drawn: NDArray[np.float32]) -> NDArray[np.uint8]:
    return drawn.clip(0, 255).round().astype(np.uint8)


def _shape(sampled: Sampled) -> str:
    """What all the images are, without the counts that stand beside each class."""
    parts = "" if len(sampled.splits) == 1 else f" ({' + '.join(sampled.splits)})"
    return f"{sampled.summary.partition(':')[0].partition(' (')[0]}{parts}"


def _rest(more: int, what: str) -> Iterator[Block]:
    if more > 0:
        yield _text("", f"and {more:,} more {what}")


def _text(bold: str, plain: str) -> Block:
    """A name and, beside it and below, what is said of it."""
    indent = " " * round(1.2 * len(bold) + 2)  # bold letters are wider
    lines = [line.strip() for line in wrap(plain, _LETTERS, initial_indent=indent)]

    def put(figure: Figure, top: float) -> None:
        across, up = figure.get_size_inches()
        place, height = _GAP / across, (top - _LINE + 0.05) / up
        text = figure.text(place, height, bold, weight="bold")
        beside = (text.get_window_extent().x1 / figure.dpi + (0.1 if bold else 0.0)) / across
        for number, line in enumerate(lines):
            at = place if number else beside
            figure.text(at, height - number * _LINE / up, line, color=MUTED)

    return _LINE * max(len(lines), 1), put


def _class_row(sample: ClassSample, most: int, across: float) -> Block:
    """Name, count and a bar, then the samples."""
    side = (across - _LEFT - _GAP / 2) / SAMPLES
    pictures = [as_picture(image) for image in sample.images]
    height = max(_height(side, pictures), 0.36)

    def put(figure: Figure, top: float) -> None:
        wide, up = figure.get_size_inches()
        count = " + ".join(f"{number:,}" for number in sample.counts)
        figure.text(_GAP / wide, (top - 0.15) / up, short(sample.name, 20))
        figure.text((_LEFT - 0.12) / wide, (top - 0.15) / up, count, ha="right", color=MUTED)
        length = (_LEFT - 0.12 - _GAP) * sum(sample.counts) / most
        if length > 0:
            bar = axes_at(figure, _GAP, top - 0.28, length, _BAR)
            bar.set_facecolor(BLUE)
            bar.set(xticks=[], yticks=[])
            bar.spines[:].set_visible(False)
        _show_row(figure, pictures, _LEFT, top, side)

    return height, put


def _tiles(groups: Sequence[Sequence[NDArray[np.uint8]]], across: float) -> Block:
    """A group of images below each original; a single image stands in the middle of its group."""
    side = (across - _GAP - _BETWEEN * (SHOWN - 1)) / (SHOWN * EPOCHS)
    height = _height(side, groups[0])

    def put(figure: Figure, top: float) -> None:
        for place, group in enumerate(groups):
            left = _GAP / 2 + (side * EPOCHS + _BETWEEN) * place
            left += side * (EPOCHS - len(group)) / 2
            _show_row(figure, group, left, top, side)

    return height + _GAP, put


def _height(side: float, images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> float:
    """Of a row: that of its images, which are drawn smaller where they are very tall."""
    if not len(images):
        return 0.0
    tall, wide = images[0].shape[:2]
    return side * min(max(float(tall / wide), 0.25), 2)


def _show_row(
    figure: Figure,
    images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    left: float,
    top: float,
    side: float,
) -> None:
    height = _height(side, images)
    for place, image in enumerate(images):
        here = left + side * place + _GAP / 2
        show_image(
            axes_at(figure, here, top - height + _GAP / 2, side - _GAP, height - _GAP), image
        )
