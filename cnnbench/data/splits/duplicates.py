"""Telling a user about images that occur more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Fingerprinted:
    """An image as far as duplicates are concerned. split: "" where the source fixes none."""

    pixels: bytes
    class_name: str
    split: str
    name: str


def pixel_digest(image: NDArray[np.uint8] | NDArray[np.float32] | bytes) -> bytes:
    """Equal for equal pixels. image: one image, of the same shape as those it is compared with."""
    pixels = image if isinstance(image, bytes) else np.ascontiguousarray(image).data
    return sha256(pixels).digest()[:DIGEST_BYTES]  # processors compute it in hardware


def duplicate_notes(images: Sequence[Fingerprinted]) -> tuple[str, ...]:
    """A sentence for each kind of duplicate, with a count and one pair.

    The worst kind that a group of equal images belongs to is reported: the same image in two
    classes, in two splits that the source fixes, or merely twice.
    """
    groups: dict[bytes, list[Fingerprinted]] = {}
    for image in images:
        groups.setdefault(image.pixels, []).append(image)
    classes, splits, copies = [], [], []
    for group in groups.values():
        if len({image.class_name for image in group}) > 1:
            classes.append(_pair(group, "class_name"))
        elif len({image.split for image in group}) > 1:
            splits.append(_pair(group, "split"))
        elif len(group) > 1:
            copies += [(group[0], other) for other in group[1:]]
    notes = []
    if classes:
        first, second = classes[0]
        notes.append(
            f"{_count(classes)} in more than one class, for example {first.name} "
            f"({first.class_name}) and {second.name} ({second.class_name}): the labels contradict "
            "each other."
        )
    if splits:
        first, second = splits[0]
        notes.append(
            f"{_count(splits)} in more than one of the given splits, for example {first.name} and "
            f"{second.name}: where both are used, results look "
            "better than they are."
        )
    if copies:
        first, second = copies[0]
        notes.append(
            f"{_count(copies)} as an exact copy of another, for example {second.name} of "
            f"{first.name}: where splits are drawn, a copy of a training image may be among the "
            "test images."
        )
    return tuple(notes)


def notes_on_duplicates(
    images: NDArray[np.uint8] | NDArray[np.float32],
    class_names: Sequence[str],
    train: int,
    validation: int = 0,
) -> tuple[str, ...]:
    """`duplicate_notes` of an array whose rows are the given splits, one after the other.

    class_names: of each row. train, validation: how many images these have; the rest are for tests.
    """
    ends = [("train", train), ("validation", train + validation), ("test", len(images))]
    splits = [next(split for split, end in ends if row < end) for row in range(len(images))]
    return duplicate_notes(
        [
            Fingerprinted(pixel_digest(image), name, split, f"image {row}")
            for row, (image, name, split) in enumerate(
                zip(images, class_names, splits, strict=True)
            )
        ]
    )


def _pair(group: Sequence[Fingerprinted], key: str) -> tuple[Fingerprinted, Fingerprinted]:
    first = group[0]
    return first, next(image for image in group if getattr(image, key) != getattr(first, key))


def _count(pairs: Sequence[object]) -> str:
    return "1 image occurs" if len(pairs) == 1 else f"{len(pairs):,} images occur"
