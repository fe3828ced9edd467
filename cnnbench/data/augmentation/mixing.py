"""Images put together of two, with labels to match: mixup and CutMix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation.boxes import Boxes, Fractions, inside
from cnnbench.data.augmentation.parameters import EVEN, DrawStream
from cnnbench.data.augmentation.window import Size, cropped_shape
from cnnbench.data.spec import AugmentationSpec
from cnnbench.data.streams import random_fractions, random_order

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mixing:
    """What becomes of each training image in an epoch.

    partner: int64, (n,), the position of the image that it is mixed with. share: float64, (n,), how
    much of the mixture is its own, of the pixels as of the label. blends: (n,), whether both are
    blended. boxes: (n, 4), what of it the partner takes the place of where they are not.
    """

    partner: Positions
    share: Fractions
    blends: NDArray[np.bool_]
    boxes: Boxes

    def images(
        self, positions: Positions, own: NDArray[np.float32], others: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Mixtures of the images at these positions with their partners, in the place of `own`.

        own, others: (n, height, width, channels), of any linear scale.
        """
        share = self.share[positions].astype(np.float32)
        how = (self.blends[positions], share, self.boxes[positions])
        for image, other, blends, part, box in zip(own, others, *how, strict=True):
            if blends:
                image[:] = part * image + (1 - part) * other
            else:
                inside(image, box)[:] = inside(other, box)
        return own

    def labels(
        self, positions: Positions, labels: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities of the classes of the mixtures, and their weights in the loss.

        labels: (n, classes), weights: (n,), of all training images. weight * cross-entropy of a
        mixture is share * that of its own label with its own weight plus (1 - share) * that of the
        partner's label with the partner's weight, whatever the network answers.
        """
        partner, share = self.partner[positions], self.share[positions]
        own = share * weights[positions]
        total = own + (1 - share) * weights[partner]
        # Where nothing counts the label is still one.
        part = np.divide(own, total, out=share.copy(), where=total > 0)[:, None]
        mixed = part * labels[positions] + (1 - part) * labels[partner]
        return mixed.astype(np.float32), total.astype(np.float32)


def draw_mixing(
    spec: AugmentationSpec, seed: int, epoch: int, count: int, shape: tuple[int, int, int]
) -> Mixing | None:
    """Who is mixed with whom in an epoch, and how; None where nothing is.

    shape: (height, width, channels) before a crop. Every image is the partner of one, mostly of
    another: Zhang et al. (2018, equation 1) and Yun et al. (2019, equation 1) draw pairs at random,
    their code within a batch. The shares are of Beta(alpha, alpha), one for each pair. With both a
    coin decides for each image, as in timm's Mixup.
    """
    if not spec.mixes:
        return None

    def fractions(stream: DrawStream) -> Fractions:
        return random_fractions(seed, epoch, stream, count)

    partner = random_order(seed, epoch, count, DrawStream.PARTNER)
    chance, blends = fractions(DrawStream.SHARE), np.full(count, spec.mixup > 0)
    share, boxes = np.ones(count), np.zeros((count, 4), np.int64)
    if spec.mixup > 0:
        share = _beta(spec.mixup, chance)
    if spec.cutmix > 0:
        blends &= fractions(DrawStream.BLENDS) < EVEN
        height, width, _ = cropped_shape(shape, spec.crop)
        centres = fractions(DrawStream.CUT_DOWN), fractions(DrawStream.CUT_ACROSS)
        boxes = cut_boxes(_beta(spec.cutmix, chance), *centres, (height, width))
        share = np.where(blends, share, 1 - boxes[:, 2] * boxes[:, 3] / (height * width))
    return Mixing(partner, share, blends, boxes)


def cut_boxes(share: Fractions, down: Fractions, across: Fractions, size: Size) -> Boxes:
    """Rectangles about a pixel, cut off at the border (Yun et al. 2019, equation 2).

    share: (n,), the part of the area that they leave before that. down, across: (n,), uniform in
    [0, 1), where the pixel is. Rounded as in the authors' code.
    """
    halves = (np.sqrt(1 - share)[:, None] * size).astype(np.int64) // 2
    centres = (np.stack([down, across], axis=-1) * size).astype(np.int64)
    starts = np.maximum(centres - halves, 0)
    return np.concatenate([starts, np.minimum(centres + halves, size) - starts], axis=1)


def _beta(alpha: float, fractions: Fractions) -> Fractions:
    """Values of Beta(alpha, alpha), by its inverse distribution function."""
    from scipy.special import betaincinv

    values: Fractions = betaincinv(alpha, alpha, fractions)
    return values
