"""One picture: each image with its heat map, probabilities and feature maps; then the filters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.pixels import RGB
from cnnbench.report.pictures.canvas import (
    WIDTHS,
    Picture,
    Width,
    axes_at,
    new_figure,
    short,
    show_image,
)
from cnnbench.report.quantities import percent
from cnnbench.winner.explanation.blocks import Block, row_of_tiles, stacked, text_lines
from cnnbench.winner.explanation.explanation import Explanation
from cnnbench.winner.explanation.filters import Filters
from cnnbench.winner.explanation.heat import EVEN, draw_heat, draw_probabilities, name_class
from cnnbench.winner.explanation.signals import line_tiles, signal_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TILES: dict[Width, int] = {"double": 8, "single": 4}
"""Maps and filters in a row."""
FILTERS = 16


def explanation_picture(explained: Explanation) -> Picture:
    """What `cnnbench explain` draws."""

    def draw(width: Width) -> Figure:
        blocks = list(_blocks(explained, width))
        figure = new_figure(WIDTHS[width], sum(height for height, _ in blocks))
        stacked(figure, blocks)
        return figure

    return Picture("explanation", explained.subject.title, _alt(explained), draw)


def _blocks(explained: Explanation, width: Width) -> Iterator[Block]:
    across = WIDTHS[width]
    yield text_lines(short(explained.subject.title, 90 if width == "double" else 45), "", across)
    if explained.heat is not None:
        layer = short(explained.heat.layer, 40)
        line = "" if explained.of_signals else ", the line at half of that"
        said = f"Heat: where the maps of {layer} speak for the class, yellow most{line} (Grad-CAM)."
        yield text_lines("", said, across)
    for row, name in enumerate(explained.names):
        yield text_lines(short(name, 40), "", across)
        if explained.of_signals:
            yield signal_row(explained, row, width)
        else:
            yield _image_row(explained, row, width)
        for layer, maps in explained.maps.items():
            yield from _map_rows(layer, maps[row], width, of_signals=explained.of_signals)
        yield 0.12, lambda *_: None
    if explained.filters is not None:
        yield from _filter_rows(explained.filters, width, of_signals=explained.of_signals)


def _image_row(explained: Explanation, row: int, width: Width) -> Block:
    """The image, the image below its heat, the probabilities."""
    across = WIDTHS[width]
    image = np.asarray(explained.images[row], np.uint8)
    side = across / 4
    tall = side * min(max(image.shape[0] / image.shape[1], 0.25), 2.0)

    def put(figure: Figure, top: float) -> None:
        plain = axes_at(figure, 0.03, top - tall, side - 0.06, tall)
        show_image(plain, image)
        if explained.heat is None:
            return
        over = axes_at(figure, side + 0.03, top - tall, side - 0.06, tall)
        _show_heat(over, image, explained.heat.values[row])
        name_class(over, explained, row)
        draw_probabilities(figure, explained, row, width, (2 * side, top, tall))

    return tall + (0.3 if explained.heat is not None else 0.08), put


def _show_heat(axes: Axes, image: NDArray[np.uint8], heat: NDArray[np.float32]) -> None:
    """The heat, drawn out to the size of the image, over the image in grey."""
    height, width = image.shape[:2]
    show_image(axes, _grey(image))
    frame = (-0.5, width - 0.5, height - 0.5, -0.5)
    draw_heat(axes, heat, frame)
    if heat.any():
        rows, columns = (
            np.array([0, *(np.arange(count) + 0.5), count]) * size / count - 0.5
            for count, size in zip(heat.shape, (height, width), strict=True)
        )
        to_the_edges = np.pad(heat / heat.max(), 1, mode="edge")
        axes.contour(columns, rows, to_the_edges, levels=[0.5], colors="white", linewidths=1.0)
    axes.set_xlim(frame[:2])
    axes.set_ylim(frame[2:])


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma (ITU-R BT.601), (height, width, 1)."""
    if image.shape[2] != RGB:
        return image
    luma: NDArray[np.float64] = image @ np.array([0.299, 0.587, 0.114])
    return luma[..., np.newaxis].round().astype(np.uint8)


def _map_rows(
    layer: str, maps: NDArray[np.float32], width: Width, *, of_signals: bool
) -> Iterator[Block]:
    """The maps of a layer that tell places apart most, on a scale that they share."""
    contrast = maps.std(axis=(0, 1), dtype=np.float64)
    strongest = np.argsort(-contrast, kind="stable")[: TILES[width]]
    rows, columns, channels = maps.shape
    counted = _counted(len(strongest), channels, "maps", "most varied")
    size = f"{rows} values" if of_signals else f"{rows}x{columns} pixels"
    yield text_lines("", f"{short(layer, 40)}: {counted}, {size}", WIDTHS[width])
    shown = maps[..., strongest]
    if of_signals:
        yield from line_tiles(shown[:, 0, :], width, TILES[width])
        return
    scale = {"cmap": EVEN, "vmin": min(float(shown.min()), 0.0), "vmax": float(shown.max())}
    tiles = [partial(_show_plain, values=shown[..., i], scale=scale) for i in range(shown.shape[2])]
    yield row_of_tiles(tiles, WIDTHS[width], TILES[width], rows / columns)


def _filter_rows(filters: Filters, width: Width, *, of_signals: bool) -> Iterator[Block]:
    count = min(FILTERS, len(filters.kernels))
    kernels = filters.kernels[:count]
    rows, columns, channels = kernels.shape[1:]
    coloured = channels == RGB
    how = "grey is zero" if coloured else "blue is below zero, red above"
    how = "the line is at zero" if of_signals else how
    how = f"the mean of {filters.averaged} channels, {how}" if filters.averaged > 1 else how
    counted = _counted(count, len(filters.kernels), "filters", "strongest")
    size = f"{rows} values" if of_signals else f"{rows}x{columns} pixels"
    said = f"{short(filters.layer, 40)}: {counted}, {size}; {how}"
    yield text_lines("Filters", said, WIDTHS[width])
    if of_signals:
        yield from line_tiles(kernels[:, :, 0, 0].T, width, TILES[width], zero=True)
        return
    tiles = []
    for kernel in kernels:
        most = float(np.abs(kernel).max()) or 1.0
        values = kernel / (2 * most) + 0.5 if coloured else kernel[..., 0]
        scale = {} if coloured else {"cmap": "RdBu_r", "vmin": -most, "vmax": most}
        tiles.append(partial(_show_plain, values=values, scale=scale))
    for start in range(0, count, TILES[width]):
        part = tiles[start : start + TILES[width]]
        yield row_of_tiles(part, WIDTHS[width], TILES[width], rows / columns)


def _show_plain(axes: Axes, *, values: NDArray[np.float32], scale: dict[str, Any]) -> None:
    axes.imshow(values, interpolation="nearest", **scale)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _counted(shown: int, of: int, what: str, order: str) -> str:
    return f"all {of} {what}" if shown == of else f"the {shown} {order} of {of} {what}"


def _alt(explained: Explanation) -> str:
    if explained.heat is None:
        return f"{explained.subject.title}: maps of {', '.join(explained.maps)}."
    said = [
        f"{short(name, 60)}: {short(explained.class_of(row), 30)} "
        f"{percent(float(explained.heat.probabilities[row, explained.heat.classes[row]]))}"
        for row, name in enumerate(explained.names)
    ]
    return f"{explained.subject.title}, heat of {explained.heat.layer}. {'; '.join(said)}."
