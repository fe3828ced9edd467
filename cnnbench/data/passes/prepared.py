"""The images of one split as the network sees them: cut, augmented, normalised."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation import (
    Mixing,
    Parameters,
    augment,
    central_window,
    cropped_shape,
)
from cnnbench.data.augmentation.window import Images
from cnnbench.data.passes.batches import Labels
from cnnbench.data.passes.normalization import Normalization
from cnnbench.data.passes.scaling import InputScaling
from cnnbench.data.spec import AugmentationSpec

Features = NDArray[np.float32] | NDArray[np.float16]
"""What a part of a network made of images."""
HELD_BYTES = 512 * 2**20
"""Normalised images of up to this size are made once and held; larger ones batch by batch."""

CHUNK_BYTES = 16 * 2**20
"""Bytes of float32 made at a time, so that making many images needs little beside themselves."""


@dataclass(frozen=True)
class PreparedImages:
    """Position i is row rows[i] of the source.

    source: uint8 in 0..255, or features, which nothing augments, (n, height, width, channels), all
    images of the source. labels: one each of `rows`, soft ones where images are mixed. weights:
    float32, one each of `rows`.
    """

    source: Images
    rows: NDArray[np.int64]
    labels: Labels
    weights: NDArray[np.float32]
    normalization: Normalization | InputScaling
    augmentation: AugmentationSpec

    @classmethod
    def of_rows(  # noqa: PLR0917 - what a split's images are made of, passed once
        cls,
        images: Images,
        labels: NDArray[np.int32],
        rows: NDArray[np.int64],
        normalization: Normalization | InputScaling,
        augmentation: AugmentationSpec,
        weights: NDArray[np.float32] | None = None,
    ) -> PreparedImages:
        """The images of some rows of a source; a row may occur more than once.

        images: uint8, (n, height, width, channels), usually a memory map. labels: int32, (n,).
        weights: float32, one for each of `rows`; ones if not given.
        """
        if weights is None:
            weights = np.ones(len(rows), dtype=np.float32)
        assert weights.shape == rows.shape, "one weight for each of `rows`"
        return cls(
            source=images,
            rows=rows,
            labels=labels[rows].astype(np.int32, copy=False),
            weights=np.ascontiguousarray(weights, dtype=np.float32),
            normalization=normalization,
            augmentation=augmentation,
        )

    @property
    def classes(self) -> NDArray[np.int32]:
        """The class of each, (n,), that of the largest probability where labels are soft."""
        likely = self.labels if self.labels.ndim == 1 else self.labels.argmax(axis=1)
        return likely.astype(np.int32)

    def take(self, positions: NDArray[np.int64]) -> PreparedImages:
        """The images at these positions, which may occur more than once."""
        return replace(
            self,
            rows=self.rows[positions],
            labels=self.labels[positions],
            weights=self.weights[positions],
        )

    def __len__(self) -> int:
        return len(self.rows)

    def plain(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Not augmented; the central window if the recipe crops."""
        raw = self.source[self.rows[positions]]
        return self.normalization.apply(central_window(raw, self.augmentation.crop))

    def augmented(
        self, positions: NDArray[np.int64], parameters: Parameters, mixing: Mixing | None = None
    ) -> NDArray[np.float32]:
        """Augmented with the parameters of all positions, and mixed with others so augmented."""
        moved = self._moved(positions, parameters)
        if mixing is not None:
            others = self._moved(mixing.partner[positions], parameters)
            moved = mixing.images(positions, moved, others)
        return self.normalization.apply(moved)

    def _moved(self, positions: NDArray[np.int64], parameters: Parameters) -> NDArray[np.float32]:
        raw = cast("NDArray[np.uint8]", self.source[self.rows[positions]])  # no features: see above
        return augment(raw, parameters.take(positions), self.augmentation)

    def labelled(
        self, positions: NDArray[np.int64], mixing: Mixing | None
    ) -> tuple[Labels, NDArray[np.float32]]:
        """Labels and weights of images at these positions, or of their mixtures with others."""
        if mixing is None:
            return self.labels[positions], self.weights[positions]
        return mixing.labels(positions, cast("NDArray[np.float32]", self.labels), self.weights)

    @cached_property
    def held(self) -> NDArray[np.float32] | None:
        """All of them as `plain` gives them, or None where that exceeds HELD_BYTES."""
        shape = cropped_shape(self.source_shape, self.augmentation.crop)
        bytes_each = 4 * int(np.prod(shape))
        if bytes_each * len(self) > HELD_BYTES:
            return None
        whole = np.empty((len(self), *shape), dtype=np.float32)
        step = max(1, CHUNK_BYTES // bytes_each)
        for start in range(0, len(self), step):
            part = slice(start, min(start + step, len(self)))
            whole[part] = self.plain(np.arange(part.start, part.stop))
        return whole

    @cached_property
    def key(self) -> str:
        """A hash of everything that `held`, `labels` and `weights` contain."""
        assert self.held is not None
        digest = hashlib.blake2b(str(self.held.shape).encode(), digest_size=16)
        for array in (self.held, self.labels, self.weights):
            digest.update(array.data)
        return digest.hexdigest()

    def replaced_by(self, features: Features, mixing: Mixing | None = None) -> PreparedImages:
        """Features, one for each position, (len(self), height, width, channels), labelled alike.

        mixing: of the images that they were made of, which their labels have to follow.
        """
        assert len(features) == len(self), "one row for each position"
        rows = np.arange(len(self))
        return PreparedImages(
            features,
            rows,
            *self.labelled(rows, mixing),
            InputScaling(),
            AugmentationSpec(),
        )

    @property
    def source_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) before a crop."""
        _, height, width, channels = self.source.shape
        return height, width, channels
