"""From arrays of each split to what a source tells and delivers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.pixels import conform, conform_shape
from cnnbench.data.sources.source import Facts, ImageData, Request
from cnnbench.data.splits.draw import fixed_rows
from cnnbench.data.splits.duplicates import notes_on_duplicates


def facts_of_parts(
    shape: tuple[int, int, int],
    labels: Mapping[str, Sequence[str]],
    classes: tuple[str, ...],
    request: Request,
) -> Facts:
    """What a source holds. shape: of its images. labels: of each split in order, or of "all"."""
    per_class = {split: Counter(texts) for split, texts in labels.items()}
    return Facts(
        conform_shape(shape, request),
        classes,
        {split: len(texts) for split, texts in labels.items()},
        {split: tuple(counts[name] for name in classes) for split, counts in per_class.items()},
    )


def data_of_parts(
    images: Sequence[NDArray[np.uint8]],
    labels: Mapping[str, Sequence[str]],
    classes: tuple[str, ...],
    request: Request,
) -> ImageData:
    """The images of all splits, one after the other, as they are asked for, with notes.

    images: (n, height, width, channels) of each split. labels: as for `facts_of_parts`.
    """
    joined = conform(images[0] if len(images) == 1 else np.concatenate(images), request)
    index = {name: position for position, name in enumerate(classes)}
    texts = [text for part in labels.values() for text in part]
    counts = {split: len(part) for split, part in labels.items()}
    sizes = [counts.get(split, 0) for split in ("train", "validation")]
    sizes[0] += counts.get("all", 0)
    return ImageData(
        joined,
        np.array([index[text] for text in texts], np.int32),
        classes,
        fixed_rows(counts),
        notes_on_duplicates(joined, texts, *sizes),
    )
