"""Bases as tables: published networks, and those of plugins."""

from __future__ import annotations

import re
from collections.abc import Collection

from cnnbench.errors import NetworkError, OptionsError, meant, nearest
from cnnbench.network.bases import BASES
from cnnbench.network.bases.offered import PUBLISHED, RGB, OfferedBases
from cnnbench.network.summary import summarize
from cnnbench.report.network import Description

SIDE = 224
SIDES = {"inception_v3": 299, "xception": 299}
"""Pixels of the images that a network was published with, where not 224."""
LARGEST = 4096


def describe_base(
    name: str, image_size: str | None, bases: OfferedBases = PUBLISHED, *, top: bool
) -> Description:
    """A base for its images; top: a published one with its classifier, of 1,000 classes.

    image_size: "224", or "224x160". bases: those that there are. Raises OptionsError.
    """
    refuse_unknown_base(name, bases)
    if top and name not in BASES:
        raise OptionsError(f"base:{name} has no classifier: leave out --top")
    size = base_size(name, image_size)
    shape = (*size, bases[name].channels or RGB)
    try:
        network = BASES[name](shape, top=True) if top else bases[name].build(shape)
        summary = summarize(network)
    except NetworkError as error:
        if name not in BASES:
            raise OptionsError(
                f"base:{name} can't take images of {size[0]}x{size[1]} ({error}): give another "
                "--image-size"
            ) from None
        raise OptionsError(
            f"images of {size[0]}x{size[1]} are too small for base:{name}: give a larger "
            f"--image-size; it was published with {SIDES.get(name, SIDE)}"
        ) from None
    return Description("base", name, summary, (), points=bases[name].points_of(network))


def refuse_unknown_base(name: str, bases: Collection[str]) -> None:
    """Raise OptionsError for a name that is none of the bases."""
    if name not in bases:
        near = nearest(name, bases)
        rest = meant([f"base:{near}"] if near else [], f"after the colon one of {', '.join(bases)}")
        raise OptionsError(f"there is no 'base:{name}'{rest}")


def base_size(name: str, image_size: str | None) -> tuple[int, int]:
    """(height, width) as asked for, else as the base was published. Raises OptionsError."""
    side = SIDES.get(name, SIDE)
    return (side, side) if image_size is None else _sides(image_size)


def _sides(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text, re.ASCII)
    sides = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not all(1 <= side <= LARGEST for side in sides):
        raise OptionsError(
            f"--image-size {text!r} is no size: give a number of pixels from 1 to {LARGEST}, or "
            "height x width, as in 224x160"
        )
    return sides
