"""Small pictures of single images, inside the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnbench.report.pictures.canvas import short
from cnnbench.report.pictures.mistakes import Mistake
from cnnbench.report.pictures.waveform import as_picture

_LARGEST = 96
"""Pixels a side; larger images are made smaller."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """An image and what is said below it. source: a data URI."""

    source: str
    alt: str
    true: str
    said: str
    sure: str
    times: str
    pixelated: bool


def thumbnails(
    images: NDArray[np.uint8] | NDArray[np.float32],
    mistakes: Sequence[Mistake],
    classes: Sequence[str],
) -> list[Thumbnail]:
    """Those whose rows the images have."""
    found = []
    for mistake in mistakes:
        if not 0 <= mistake.row < len(images):
            continue
        true, said = short(classes[mistake.label], 18), short(classes[mistake.said], 18)
        times = f"{mistake.times} of {mistake.tested}"
        sure = f"{100 * mistake.sure:.0f} %"
        alt = f"image {mistake.row:,}: {true} taken for {said}, {sure} sure, in {times} replicates"
        source, pixelated = _uri(images[mistake.row])
        found.append(Thumbnail(source, alt, true, said, sure, times, pixelated))
    return found


def _uri(image: NDArray[np.uint8] | NDArray[np.float32]) -> tuple[str, bool]:
    from PIL import Image

    pixels = as_picture(image)
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    file = io.BytesIO()
    if max(picture.size) <= _LARGEST // 2:
        picture.save(file, "PNG", optimize=True)
        kind, pixelated = "png", True
    else:
        picture.thumbnail((_LARGEST, _LARGEST))
        picture.save(file, "JPEG", quality=82)
        kind, pixelated = "jpeg", False
    text = base64.b64encode(file.getvalue()).decode()
    return f"data:image/{kind};base64,{text}", pixelated
