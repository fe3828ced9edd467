"""Mixup and CutMix against their papers' formulas."""

import numpy as np
import pytest
from scipy import stats

from cnnbench.data.augmentation import draw_mixing
from cnnbench.data.augmentation.mixing import Mixing, cut_boxes
from cnnbench.data.spec import AugmentationSpec

SHAPE = (12, 10, 3)
RNG = np.random.default_rng(0)


def blend(partner, share):
    count = len(partner)
    none = np.zeros((count, 4), np.int64)
    return Mixing(np.array(partner), np.array(share), np.ones(count, bool), none)


def drawn(count=20_000, seed=0, epoch=0, shape=SHAPE, **spec):
    return draw_mixing(AugmentationSpec(**spec), seed, epoch, count, shape)


@pytest.mark.parametrize("key", ["mixup", "cutmix"])
def test_each_image_is_the_partner_of_one_and_another_in_each_epoch(key):
    epochs = [drawn(500, **how, **{key: 1.0}) for how in ({}, {"epoch": 1}, {"seed": 1})]
    for mixing in epochs:
        assert sorted(mixing.partner) == list(range(500))
        assert (mixing.partner == np.arange(500)).sum() < 10
    assert len({mixing.partner.tobytes() for mixing in epochs}) == 3
    assert len({mixing.share.tobytes() for mixing in epochs}) == 3


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_mixup_draws_shares_from_a_symmetric_beta_distribution(alpha):
    share = drawn(mixup=alpha).share
    assert stats.kstest(share, stats.beta(alpha, alpha).cdf).pvalue > 0.001


@pytest.mark.parametrize("alpha", [0.001, 1000.0])
def test_shares_are_numbers_for_every_alpha_that_a_recipe_may_have(alpha):
    share = drawn(mixup=alpha).share
    assert ((share >= 0) & (share <= 1)).all()


def test_nothing_is_drawn_for_a_recipe_that_mixes_nothing():
    assert drawn(rotation=0.1, random_erasing=0.5) is None


def test_mixup_blends_images_and_labels_in_the_same_shares():
    # Zhang et al. 2018, equation 1, with lambda 0.25 and 1.
    mixing = blend([1, 0, 2], [0.25, 1.0, 0.5])
    positions = np.array([0, 1])
    own = np.array([[[[100.0]]], [[[20.0]]]], np.float32)
    others = own[::-1].copy()
    labels, ones = np.eye(3, dtype=np.float32), np.ones(3, np.float32)
    assert mixing.images(positions, own.copy(), others).ravel().tolist() == [40.0, 20.0]
    soft, weights = mixing.labels(positions, labels, ones)
    np.testing.assert_allclose(soft, [[0.25, 0.75, 0], [0, 1, 0]])
    assert weights.tolist() == [1, 1]
    assert soft.dtype == weights.dtype == np.float32


def authors_bbox(size, lam, cy, cx):
    """`rand_bbox` of github.com/clovaai/CutMix-PyTorch, where rows are x, with the draws given."""
    cut_rat = np.sqrt(1.0 - lam)
    cut_w, cut_h = int(size[0] * cut_rat), int(size[1] * cut_rat)
    bbx1, bby1 = np.clip(cy - cut_w // 2, 0, size[0]), np.clip(cx - cut_h // 2, 0, size[1])
    bbx2, bby2 = np.clip(cy + cut_w // 2, 0, size[0]), np.clip(cx + cut_h // 2, 0, size[1])
    return bbx1, bby1, bbx2, bby2


@pytest.mark.parametrize("size", [(32, 32), (12, 9), (1, 5)])
def test_cutmix_cuts_the_rectangles_of_the_authors_code(size):
    lam, down, across = RNG.random((3, 400))
    for box, share, *centre in zip(
        cut_boxes(lam, down, across, size), lam, down, across, strict=True
    ):
        top, left, bottom, right = authors_bbox(
            size, share, int(centre[0] * size[0]), int(centre[1] * size[1])
        )
        assert box.tolist() == [top, left, bottom - top, right - left]


def test_cutmix_shares_the_label_by_the_pixels_that_each_image_has():
    mixing = drawn(200, cutmix=1.0)
    own, others = np.ones((200, *SHAPE), np.float32), np.zeros((200, *SHAPE), np.float32)
    positions = np.arange(200)
    pixels = mixing.images(positions, own, others)
    assert set(np.unique(pixels)) == {0, 1}
    np.testing.assert_allclose(pixels.mean(axis=(1, 2, 3)), mixing.share, atol=1e-6)
    assert 0.3 < mixing.share.mean() < 0.7 + 0.1
    for image in pixels[..., 0]:  # what is cut in is a rectangle
        rows, columns = (image == 0).any(axis=1), (image == 0).any(axis=0)
        assert (image == 0).sum() == rows.sum() * columns.sum()


def test_cutmix_cuts_a_crop_in_its_own_size():
    mixing = drawn(500, cutmix=1.0, crop=(8, 6))
    assert (mixing.boxes[:, 0] + mixing.boxes[:, 2]).max() == 8
    assert (mixing.boxes[:, 1] + mixing.boxes[:, 3]).max() == 6


def test_a_coin_decides_for_each_image_where_a_recipe_has_both():
    both, blended, cut = (
        drawn(2000, **x) for x in ({"mixup": 0.2, "cutmix": 1.0}, {"mixup": 0.2}, {"cutmix": 1.0})
    )
    assert abs(both.blends.mean() - 0.5) < 0.05
    assert blended.blends.all()
    assert not cut.blends.any()
    np.testing.assert_array_equal(both.share, np.where(both.blends, blended.share, cut.share))
    np.testing.assert_array_equal(both.boxes, cut.boxes)
    own, others = np.ones((2000, *SHAPE), np.float32), np.zeros((2000, *SHAPE), np.float32)
    pixels = both.images(np.arange(2000), own, others)
    np.testing.assert_allclose(pixels.mean(axis=(1, 2, 3)), both.share, atol=1e-6)


def test_the_loss_of_a_mixture_is_that_of_both_images_with_their_own_weights():
    mixing = drawn(50, mixup=1.0)
    labels = np.eye(4, dtype=np.float32)[RNG.integers(0, 4, 50)]
    weights = RNG.uniform(0.2, 3, 50).astype(np.float32)
    logs = np.log(RNG.dirichlet(np.ones(4), 50))
    positions = RNG.permutation(50)[:20]
    soft, together = mixing.labels(positions, labels, weights)
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)

    def loss(whose, answer):
        return -weights[whose] * (labels[whose] * logs[answer]).sum()

    for place, position in enumerate(positions):
        share, partner = mixing.share[position], mixing.partner[position]
        expected = share * loss(position, position) + (1 - share) * loss(partner, position)
        got = -together[place] * (soft[place] * logs[position]).sum()
        assert got == pytest.approx(expected, rel=1e-5)


def test_labels_stay_probabilities_where_neither_image_counts():
    mixing = blend([1, 0], [0.3, 0.6])
    labels, none = np.eye(2, dtype=np.float32), np.zeros(2, np.float32)
    soft, weights = mixing.labels(np.array([0, 1]), labels, none)
    np.testing.assert_allclose(soft, [[0.3, 0.7], [0.4, 0.6]], rtol=1e-6)
    assert weights.tolist() == [0, 0]
