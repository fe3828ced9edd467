"""The metrics against scikit-learn's, and the calibration error against a hand-computed one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk

from cnnbench.training import metrics


@st.composite
def predictions(draw):
    classes = draw(st.integers(2, 5))
    count = draw(st.integers(1, 40))
    scores = draw(arrays(np.float32, (count, classes), elements=st.floats(0.015625, 1, width=32)))
    labels = draw(arrays(np.int32, count, elements=st.integers(0, classes - 1)))
    return scores / scores.sum(axis=1, keepdims=True), labels


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@given(predictions())
@settings(max_examples=60, deadline=None)
def test_every_metric_agrees_with_scikit_learn(case):
    probabilities, labels = case
    got = metrics.evaluate(probabilities, labels)
    predicted = probabilities.argmax(axis=1)
    classes = list(range(probabilities.shape[1]))
    macro = {"average": "macro", "zero_division": 0}
    wanted = {
        "accuracy": sk.accuracy_score(labels, predicted),
        "balanced_accuracy": sk.balanced_accuracy_score(labels, predicted),
        "precision": sk.precision_score(labels, predicted, **macro),
        "recall": sk.recall_score(labels, predicted, **macro),
        "f1": sk.f1_score(labels, predicted, **macro),
        "log_loss": sk.log_loss(labels, probabilities.astype(float), labels=classes),
    }
    for name, value in wanted.items():
        assert got[name] == pytest.approx(value, abs=2e-6), name
    assert got["confusion"] == sk.confusion_matrix(labels, predicted, labels=classes).tolist()


def test_a_perfect_prediction_scores_one_and_loses_nothing():
    labels = np.array([0, 1, 2], np.int32)
    got = metrics.evaluate(np.eye(3, dtype=np.float32), labels)
    assert got["accuracy"] == got["f1"] == got["balanced_accuracy"] == 1
    assert got["log_loss"] == got["calibration_error"] == 0


def test_log_loss_clips_a_certain_error_at_1e_7():
    certain_and_wrong = np.array([[1, 0]], np.float32)
    loss = metrics.log_loss(certain_and_wrong, np.array([1], np.int32))
    assert loss == pytest.approx(-np.log(1e-7))


def test_log_loss_of_not_a_number_is_not_a_number():
    unknown = np.array([[np.nan, 0.5]], np.float32)
    assert np.isnan(metrics.log_loss(unknown, np.array([0], np.int32)))


def test_calibration_error_by_hand():
    # Three images said with 0.9 of which two are right, one said with 0.6 which is wrong.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4]], np.float32)
    labels = np.array([0, 0, 1, 1], np.int32)
    by_hand = (3 * abs(0.9 - 2 / 3) + 1 * abs(0.6 - 0)) / 4
    assert metrics.calibration_error(probabilities, labels) == pytest.approx(by_hand, abs=1e-6)


def test_a_single_sigmoid_unit_speaks_for_class_1():
    outputs = np.array([[0.25], [0.75]], np.float32)
    assert metrics.class_probabilities(outputs).tolist() == [[0.75, 0.25], [0.25, 0.75]]


def test_trivial_levels_use_the_majority_of_the_training_images():
    training = np.array([0, 0, 1], np.int32)
    test = np.array([1, 1, 0, 2], np.int32)
    assert metrics.trivial_levels(training, test, 3) == {"chance": 1 / 3, "majority": 0.25}


def test_chance_is_that_of_guessing_among_the_classes_that_are_tested():
    training = np.array([0, 0, 1, 2], np.int32)
    assert metrics.trivial_levels(training, np.array([1, 2], np.int32), 3)["chance"] == 0.5
    assert metrics.trivial_levels(training, np.array([1, 1], np.int32), 3)["chance"] == 1


def test_of_equal_majorities_each_counts_as_often():
    training, test = np.array([0, 0, 1, 1, 2], np.int32), np.array([1, 1, 1, 0], np.int32)
    assert metrics.trivial_levels(training, test, 3)["majority"] == 0.5
