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


SIGNALS = np.random.default_rng(0).normal([3.0, -50.0], [2.0, 0.01], (40, 9, 1, 2)).astype("f4")
FIRST = np.arange(25)


def of_signals(kind):
    return fit_normalization(SIGNALS, FIRST, kind).apply(SIGNALS)


def test_signals_are_standardized_by_channel_as_scikit_learn_does():
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(SIGNALS[:25].reshape(-1, 2).astype(np.float64))
    expected = scaler.transform(SIGNALS.reshape(-1, 2).astype(np.float64)).reshape(SIGNALS.shape)
    np.testing.assert_allclose(of_signals("standardize")[..., 0], expected[..., 0], atol=1e-5)
    # -50 +- 0.01: one unit in float32's last place is 4e-6, 4e-4 of the deviation.
    np.testing.assert_allclose(of_signals("standardize")[..., 1], expected[..., 1], atol=2e-2)


def test_signals_are_scaled_by_the_largest_magnitude_of_each_channel():
    from sklearn.preprocessing import MaxAbsScaler

    scaler = MaxAbsScaler().fit(SIGNALS[:25].reshape(-1, 2))
    expected = scaler.transform(SIGNALS.reshape(-1, 2)).reshape(SIGNALS.shape)
    np.testing.assert_allclose(of_signals("scale"), expected, rtol=1e-6)


def test_signals_are_centred_or_left_as_they_are():
    np.testing.assert_array_equal(of_signals("none"), SIGNALS)
    mean = SIGNALS[:25].mean(axis=(0, 1, 2), dtype=np.float64)
    np.testing.assert_allclose(of_signals("center"), SIGNALS - mean, atol=1e-5)


@pytest.mark.parametrize("kind", ["scale", "center", "standardize"])
def test_a_constant_channel_of_signals_is_divided_by_nothing(kind):
    signals = np.zeros((4, 5, 1, 1), np.float32)
    assert not fit_normalization(signals, np.arange(4), kind).apply(signals).any()


def test_how_signals_are_cut_for_fitting_changes_next_to_nothing(monkeypatch):
    whole = fit_normalization(SIGNALS, FIRST, "standardize")
    monkeypatch.setattr("cnnbench.data.passes.normalization.CHUNK_BYTES", 100)
    parts = fit_normalization(SIGNALS, FIRST, "standardize")
    np.testing.assert_allclose(parts.factor, whole.factor, rtol=1e-6)
    np.testing.assert_allclose(parts.offset, whole.offset, rtol=1e-6)
