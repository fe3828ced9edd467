import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from cnnbench.data.passes.class_weights import balanced_weights


@pytest.mark.parametrize(
    "labels",
    [
        [0, 0, 0, 1],
        [0, 1, 2, 0, 1, 2],
        [2, 0, 0, 0, 2, 0, 0],  # no image of class 1
        [1, 1],
        np.random.default_rng(0).choice(5, 200, p=[0.5, 0.3, 0.1, 0.05, 0.05]),
    ],
)
def test_weights_are_those_of_scikit_learn(labels):
    labels = np.asarray(labels, np.int32)
    weights = balanced_weights(labels)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, compute_sample_weight("balanced", labels), rtol=1e-6)
    classes = np.unique(labels)
    each = dict(
        zip(classes, compute_class_weight("balanced", classes=classes, y=labels), strict=True)
    )
    np.testing.assert_allclose(weights, [each[label] for label in labels], rtol=1e-6)


def test_weights_by_hand():
    np.testing.assert_allclose(
        balanced_weights(np.array([0, 0, 0, 1], np.int32)), [2 / 3] * 3 + [2]
    )
