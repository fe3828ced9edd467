"""Passes over the images of a trial: shuffled and augmented for training, or as they are."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation import Mixing, Parameters, draw_mixing, draw_parameters
from cnnbench.data.passes.balanced import balanced_order
from cnnbench.data.passes.batches import Batch, Batches, Resident
from cnnbench.data.passes.prefetch import prefetch
from cnnbench.data.passes.prepared import Features, PreparedImages
from cnnbench.data.spec import AugmentationSpec
from cnnbench.data.streams import random_order

FURTHER = 1 << 32
"""More epochs than there are: what a further copy of an image draws is that of no epoch."""


class Pass(Batches):
    """One pass in a given order; may be iterated again for the same batches.

    parameters: of the augmentation, None without. mixing: of images with each other, None without.
    Batches of held images are gathered from memory; others are made by a thread, two ahead of the
    consumer.
    """

    def __init__(
        self,
        images: PreparedImages,
        order: NDArray[np.int64],
        batch_size: int,
        parameters: Parameters | None = None,
        mixing: Mixing | None = None,
    ) -> None:
        self._images = images
        self._order = order
        self._parameters = parameters
        self._mixing = mixing
        self.size = len(order)
        self.batch_size = batch_size

    @property
    def _held(self) -> NDArray[np.float32] | None:
        return self._images.held if self._parameters is None else None

    def pixels(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """What the pass shows of the images at these positions."""
        if self._parameters is None:
            return self._images.plain(positions)
        return self._images.augmented(positions, self._parameters, self._mixing)

    def produce(self) -> Iterator[Batch]:
        """Yield the batches in order."""
        source, held = self._images, self._held
        starts = range(0, self.size, self.batch_size)
        slices = [self._order[start : start + self.batch_size] for start in starts]
        pixels: Generator[NDArray[np.float32], None, None]
        if held is None:
            pixels = prefetch(map(self.pixels, slices))
        else:
            pixels = (held.take(positions, axis=0) for positions in slices)
        # Closed here rather than when collected, so that no thread outlives the pass.
        with closing(pixels):
            for positions, images in zip(slices, pixels, strict=True):
                yield Batch(images, *source.labelled(positions, self._mixing))

    @property
    def resident(self) -> Resident | None:
        """The whole arrays; None when augmented, or too large to hold."""
        start = time.perf_counter()
        held, source = self._held, self._images
        if held is None:
            return None
        arrays = Resident(source.key, held, source.labels, source.weights, self._order)
        self.waited += time.perf_counter() - start
        return arrays

    def select(self, start: int, stop: int) -> Batches:
        """The pass that holds only batches start..stop-1 of this one, pixels unchanged."""
        order = self._order[start * self.batch_size : stop * self.batch_size]
        return Pass(self._images, order, self.batch_size, self._parameters, self._mixing)


class TrainingPasses:
    """The epochs of a trial's training images.

    The order of an epoch depends on (order_seed, epoch, number of images) alone, and of balanced
    batches on the labels and the batch size; the augmentation of the image at position i on
    (augmentation_seed, copy, i) alone, where the copy is the epoch or, if the recipe has so many
    and no more, the epoch modulo their number. Where balanced batches show an image more than once
    in an epoch, it is a further copy each time, unless the recipe says how many there are. With
    which other image one is mixed depends on the number of images, too; in balanced batches on the
    place in the epoch, so that partners are of all classes alike, unless copies are given.

    made: what each copy has become, (n, height, width, channels), by its number; empty where copies
    are made as they are needed. balanced: whether each batch holds every class alike.
    """

    def __init__(
        self,
        images: PreparedImages,
        batch_size: int,
        order_seed: int,
        augmentation_seed: int,
        made: Mapping[int, Features] = MappingProxyType({}),
        *,
        balanced: bool = False,
    ) -> None:
        self.images = images
        self.batch_size = batch_size
        self.order_seed = order_seed
        self.augmentation_seed = augmentation_seed
        self.made = made
        self.balanced = balanced

    def epoch(self, epoch: int) -> Batches:
        """The pass of an epoch, counted from 0."""
        images = self.images
        if not self.balanced:
            return self.in_order(random_order(self.order_seed, epoch, len(images)), epoch)
        drawn = balanced_order(images.classes, self.batch_size, seed=self.order_seed, epoch=epoch)
        time, order = np.divmod(drawn, len(images))
        augmentation = images.augmentation
        by_place = augmentation.mixes or time.any()
        if self.made or not augmentation.active or augmentation.copies or not by_place:
            return self.in_order(order, epoch)
        places = np.arange(len(order), dtype=np.int64)
        parameters = self._of_times(time, order, epoch)
        mixing = self._mixing(epoch)
        return Pass(images.take(order), places, self.batch_size, parameters, mixing)

    def seen(self, positions: NDArray[np.int64], epoch: int) -> NDArray[np.float32]:
        """What `epoch` shows of the images at these positions, whenever their turn comes."""
        return self.in_order(positions, epoch).pixels(positions)

    def in_order(self, positions: NDArray[np.int64], epoch: int) -> Pass:
        """A pass over the images at these positions as `epoch` shows them."""
        images, spec = self.images, self.images.augmentation
        if not spec.active:
            return Pass(images, positions, self.batch_size)
        copy = spec.copy_of(epoch)
        if self.made:
            # None of them is held beyond its epoch: together they may be large.
            images = images.replaced_by(self.made[copy], self._mixing(copy))
            return Pass(images, positions, self.batch_size)
        return Pass(images, positions, self.batch_size, self._parameters(copy), self._mixing(copy))

    def _parameters(self, copy: int) -> Parameters:
        return draw_parameters(*self._drawn(copy))

    def _mixing(self, copy: int) -> Mixing | None:
        return draw_mixing(*self._drawn(copy))

    def _drawn(self, copy: int) -> tuple[AugmentationSpec, int, int, int, tuple[int, int, int]]:
        """What the draws of a copy of each image depend on."""
        images = self.images
        seed = self.augmentation_seed
        return images.augmentation, seed, copy, len(images), images.source_shape

    def _of_times(
        self, time: NDArray[np.int64], order: NDArray[np.int64], epoch: int
    ) -> Parameters:
        """Those of each place of an epoch, which shows some images more than once."""
        places = [np.flatnonzero(time == number) for number in range(time.max() + 1)]
        drawn = [
            self._parameters(epoch + number * FURTHER).take(order[own])
            for number, own in enumerate(places)
        ]
        return Parameters.joined(drawn).take(np.argsort(np.concatenate(places)))


def evaluation_pass(images: PreparedImages, batch_size: int) -> Batches:
    """A pass in the order of the images, never augmented; a crop gives the central window.

    Keep it rather than making it anew for each evaluation: it holds its normalised images.
    """
    return Pass(images, np.arange(len(images), dtype=np.int64), batch_size)
