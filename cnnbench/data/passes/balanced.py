"""The order of an epoch whose batches hold every class alike, whatever images there are of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.streams import random_bits, random_order

WITHIN, CLASSES, FIRST_CLASS = 0, 1, 2
"""Streams of random numbers: places in a batch, turns of classes, and the images of each class."""


def balanced_order(
    labels: NDArray[np.int32], batch_size: int, *, seed: int, epoch: int
) -> NDArray[np.int64]:
    """Which image each place of an epoch shows, shape (n,), for n training images.

    labels: (n,). The numbers are copy * n + position: positions of images, and which copy of it in
    this epoch, from 0. An epoch has as many places as there are images, so that it takes as many
    steps as any other. In each batch, the smaller last one too, and in the whole epoch the numbers
    of images of two classes differ by one at most; which classes have one more goes by turns. The
    images of a class come in a random order, new for each epoch, and once all have come again in
    another: those of a rare class several times, of a frequent one some in each epoch.
    """
    count, present = len(labels), np.unique(labels)
    turns = present[random_order(seed, epoch, len(present), CLASSES)]
    batch, place = np.divmod(np.arange(count), batch_size)
    size = np.minimum(batch_size, count - batch * batch_size)
    whole = size // len(present) * len(present)
    extra = batch * (batch_size % len(present)) + place - whole
    class_at = turns[np.where(place < whole, place, extra) % len(present)]
    order = np.empty(count, np.int64)
    for label in present.tolist():
        places = np.flatnonzero(class_at == label)
        own = np.flatnonzero(labels == label)
        copies = -(-len(places) // len(own))
        bits = random_bits(seed, epoch, FIRST_CLASS + label, copies * len(own))
        turn = np.argsort(bits.reshape(copies, len(own)), axis=1, kind="stable")
        drawn = own[turn] + count * np.arange(copies)[:, None]
        order[places] = drawn.ravel()[: len(places)]
    within = random_bits(seed, epoch, WITHIN, count)
    return order[np.lexsort((within, batch))]
