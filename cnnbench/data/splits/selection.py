"""Choosing some classes of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnnbench.data.sources.cache import CachedImages
from cnnbench.data.splits.classes import check_classes


def select_classes(cached: CachedImages, classes: Sequence[str] | None) -> CachedImages:
    """The same images with labels that are indices into these classes, in the order given.

    Rows stay where they are and no pixel is copied: an image of another class has the label -1.
    Raises DataError as `check_classes` does.
    """
    if classes is None:
        return cached
    check_classes(cached.classes, classes)
    new_label = np.full(len(cached.classes), -1, np.int32)
    new_label[[cached.classes.index(name) for name in classes]] = np.arange(len(classes))
    return replace(cached, labels=new_label[cached.labels], classes=tuple(classes))
