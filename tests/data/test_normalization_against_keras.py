"""The moments of training images against those that Keras fits."""

import os

import numpy as np
import pytest

from cnnbench.data.passes.normalization import fit_normalization
from cnnbench.data.passes.scaling import SCALINGS

with pytest.MonkeyPatch.context() as environment:
    # Not for longer: processes that other tests start would inherit it.
    environment.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))
    keras = pytest.importorskip("keras")

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 5, 4, 3)).astype(np.uint8)
ROWS = np.arange(0, 40, 2)


def test_standardize_agrees_with_the_layer_of_keras():
    layer = keras.layers.Normalization(axis=-1)
    layer.adapt(IMAGES[ROWS].astype(np.float32))
    expected = keras.ops.convert_to_numpy(layer(IMAGES.astype(np.float32)))
    result = fit_normalization(IMAGES, ROWS, "standardize").apply(IMAGES)
    np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["center", "standardize"])
def test_moments_agree_with_the_generator_of_keras(kind):
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        featurewise_center=True,
        featurewise_std_normalization=kind == "standardize",
        data_format="channels_last",
    )
    scaled = IMAGES / 255
    generator.fit(scaled[ROWS])
    expected = np.stack([generator.standardize(image.copy()) for image in scaled])
    result = fit_normalization(IMAGES, ROWS, kind).apply(IMAGES)
    np.testing.assert_allclose(result, expected, atol=1e-5)  # Keras adds 1e-6 to the deviation


@pytest.mark.parametrize(
    ("name", "mode"), [("keras", "tf"), ("torch", "torch"), ("caffe", "caffe")]
)
def test_published_scalings_are_those_of_keras(name, mode):
    theirs = keras.applications.imagenet_utils.preprocess_input(
        IMAGES.astype(np.float32), data_format="channels_last", mode=mode
    )
    np.testing.assert_allclose(SCALINGS[name].apply(IMAGES), theirs, atol=1e-5)
