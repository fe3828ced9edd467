"""Single steps become passes: totals over batches, learning rates, what stays on the device."""

import numpy as np
import pytest

from cnnbench.plugin.resident import ResidentSplits
from cnnbench.plugin.steps import StepModel
from cnnbench.testing import ArrayBatches

IMAGES = np.arange(5, dtype=np.float32).reshape(5, 1, 1, 1)
LABELS = np.array([0, 1, 0, 1, 0], np.int32)


class Sums(StepModel):
    """Its loss is the weighted sum of the pixels, its penalty the learning rate."""

    def __init__(self, resident=None):
        self.resident = resident
        self.put_there = 0
        self.seen = []

    def put(self, array):
        self.put_there += 1
        return array

    def fetch(self, arrays):
        return list(arrays)

    def train_step(self, images, labels, weights):
        self.seen.append(images[:, 0, 0, 0].tolist())
        return np.array([images[:, 0, 0, 0] @ weights, self.learning_rate, labels.sum()])

    def predict_step(self, images, batch_size):
        filled = np.zeros((batch_size, 1))
        filled[: len(images)] = images[:, 0, 0]
        return filled

    def get_weights(self):
        return {}

    def set_weights(self, weights):
        pass


def passes(**options):
    weights = np.array([1, 1, 1, 1, 2], np.float32)
    return ArrayBatches(IMAGES, LABELS, weights=weights, batch_size=2, **options)


def test_totals_are_divided_by_what_they_count():
    model = Sums()
    result = model.train_epoch(passes(order=np.array([4, 3, 2, 1, 0])), 0.25)
    assert model.seen == [[4, 3], [2, 1], [0]]
    # 4 * 2 + 3 + 2 + 1 + 0 = 14 over five images; a penalty of 0.25 in each of three steps.
    assert result.loss == pytest.approx(14 / 5)
    assert result.penalty == pytest.approx(0.25)
    assert (result.correct, result.count) == (2, 5)


def test_rows_that_fill_the_last_batch_up_are_dropped():
    probabilities = Sums().predict(passes())
    assert probabilities.dtype == np.float32
    assert probabilities[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_with_a_place_for_whole_splits_nothing_else_is_put_on_the_device():
    order = np.array([1, 0, 4, 2, 3])
    model = Sums(ResidentSplits(np.copy, lambda array, rows: array[rows]))
    model.train_epoch(passes(order=order, key="train"), 0.1)
    assert model.put_there == 0
    assert model.seen == [[1, 0], [4, 2], [3]]
