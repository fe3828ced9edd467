import numpy as np
import pytest

from cnnbench.data.passes.soft_labels import soft_labels

LABELS = np.array([0, 2, 1, 2], np.int32)


def test_labels_without_smoothing_are_one_hot():
    soft = soft_labels(LABELS, 3)
    assert soft.dtype == np.float32
    np.testing.assert_array_equal(soft, np.eye(3)[LABELS])


@pytest.mark.parametrize("classes", [3, 10])
def test_smoothing_gives_every_class_an_equal_part(classes):
    # Szegedy et al. 2016: (1 - 0.1) of the label and 0.1 evenly.
    np.testing.assert_allclose(
        soft_labels(LABELS, classes, 0.1), 0.9 * np.eye(classes)[LABELS] + 0.1 / classes, rtol=1e-6
    )
