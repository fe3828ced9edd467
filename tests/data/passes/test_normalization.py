"""Normalisation against scikit-learn's scaler and plain arithmetic."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from cnnbench.data.passes import normalization
from cnnbench.data.passes.normalization import fit_normalization


@pytest.fixture
def images():
    images = np.random.default_rng(0).integers(0, 256, (40, 5, 4, 3)).astype(np.uint8)
    images[:, 0, 0, 0] = 17
    return images


ROWS = np.arange(0, 40, 2)


def test_standardize_agrees_with_scikit_learn_on_channels(images):
    scaler = StandardScaler().fit(images[ROWS].reshape(-1, 3) / 255)
    expected = scaler.transform(images.reshape(-1, 3) / 255).reshape(images.shape)
    result = fit_normalization(images, ROWS, "standardize").apply(images)
    np.testing.assert_allclose(result, expected, atol=2e-6)


def test_few_images_do_not_blow_up_what_hardly_varies_in_them():
    images = np.zeros((30, 28, 28, 1), np.uint8)
    images[:, 10:18, 10:18] = 200
    images[0, 0, 0] = 12  # a speck in one of the training images
    images[29, 0, 0] = 255
    result = fit_normalization(images, np.arange(20), "standardize").apply(images)
    assert np.abs(result).max() < 5


def test_center_takes_away_the_mean_of_each_channel(images):
    expected = images / 255 - images[ROWS].mean(axis=(0, 1, 2)) / 255
    result = fit_normalization(images, ROWS, "center").apply(images)
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_scale_maps_255_to_1_exactly():
    values = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1)
    result = fit_normalization(values, np.arange(3), "scale").apply(values)
    assert [result[0], result[2]] == [0, 1]
    np.testing.assert_allclose(result[1], 0.2, rtol=1e-6)


def test_none_keeps_the_values(images):
    result = fit_normalization(images, ROWS, "none").apply(images)
    np.testing.assert_array_equal(result, images)


@pytest.mark.parametrize("kind", ["scale", "center", "standardize", "none"])
def test_the_result_is_float32_and_equal_for_images_of_either_type(images, kind):
    fitted = fit_normalization(images, ROWS, kind)
    from_bytes, from_floats = fitted.apply(images), fitted.apply(images.astype(np.float32))
    assert from_bytes.dtype == from_floats.dtype == np.float32
    np.testing.assert_array_equal(from_bytes, from_floats)


def test_a_channel_that_never_varies_in_training_is_centred_only():
    images = np.zeros((30, 2, 2, 1), np.uint8)
    images[29] = 255
    fitted = fit_normalization(images, np.arange(29), "standardize")
    np.testing.assert_array_equal(fitted.apply(images[29:]), np.ones((1, 2, 2, 1)))


def test_test_images_have_no_part_in_it(images):
    changed = images.copy()
    changed[1::2] = 0
    for kind in ("center", "standardize"):
        mine, theirs = (fit_normalization(x, ROWS, kind) for x in (images, changed))
        np.testing.assert_array_equal(mine.factor, theirs.factor)
        np.testing.assert_array_equal(mine.offset, theirs.offset)


def test_reading_in_parts_changes_no_bit(images, monkeypatch, tmp_path):
    whole = fit_normalization(images, ROWS, "standardize")
    np.save(tmp_path / "images.npy", images)
    monkeypatch.setattr(normalization, "CHUNK_BYTES", 3 * images[0].nbytes)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    parts = fit_normalization(mapped, ROWS, "standardize")
    np.testing.assert_array_equal(whole.factor, parts.factor)
    np.testing.assert_array_equal(whole.offset, parts.offset)
