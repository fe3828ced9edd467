"""Published networks as tables."""

from __future__ import annotations

import re

from cnnbench.errors import NetworkError, OptionsError, meant, nearest
from cnnbench.network.bases import BASES
from cnnbench.network.summary import summarize
from cnnbench.report.network import Description

SIDE = 224
SIDES = {"inception_v3": 299, "xception": 299}
"""Pixels of the images that a network was published with, where not 224."""
LARGEST = 4096


def describe_base(name: str, image_size: str | None, *, top: bool) -> Description:
    """A published network for colour images; top: with its classifier, of 1,000 classes.

    image_size: "224", or "224x160". Raises OptionsError.
    """
    if name not in BASES:
        near = nearest(name, BASES)
        rest = meant([f"base:{near}"] if near else [], f"after the colon one of {', '.join(BASES)}")
        raise OptionsError(f"there is no 'base:{name}'{rest}")
    side = SIDES.get(name, SIDE)
    size = (side, side) if image_size is None else _sides(image_size)
    try:
        summary = summarize(BASES[name]((*size, 3), top=top))
    except NetworkError:
        raise OptionsError(
            f"images of {size[0]}x{size[1]} are too small for base:{name}: give a larger "
            f"--image-size; it was published with {side}"
        ) from None
    return Description("base", name, summary, ())


def _sides(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text, re.ASCII)
    sides = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not all(1 <= side <= LARGEST for side in sides):
        raise OptionsError(
            f"--image-size {text!r} is no size: give a number of pixels from 1 to {LARGEST}, or "
            "height x width, as in 224x160"
        )
    return sides
