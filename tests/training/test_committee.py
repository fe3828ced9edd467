"""Networks that answer together, against scikit-learn and the papers' arithmetic."""

import math

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import AdaBoostClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from cnnbench.training.committee import averaged, boost, learned, voted


def digits(classes):
    images, labels = load_digits(n_class=classes, return_X_y=True)
    half = len(images) // 2
    return images[:half], labels[:half].astype(np.int32), images[half:]


def certain(predicted, classes):
    return np.eye(classes, dtype=np.float32)[predicted]


@pytest.mark.parametrize("classes", [2, 10])
def test_boosting_weighs_votes_and_images_as_scikit_learn_does(classes):
    images, labels, others = digits(classes)
    tree = DecisionTreeClassifier(max_depth=1 if classes == 2 else 3, max_features=4)
    theirs = AdaBoostClassifier(tree, n_estimators=6, random_state=0).fit(images, labels)
    emphasis, weights = np.ones(len(labels), np.float32), []
    errors = theirs.estimator_errors_[: len(theirs.estimators_)]
    for each, error in zip(theirs.estimators_, errors, strict=True):
        is_wrong = each.predict(images) != labels
        assert emphasis[is_wrong].sum() / emphasis.sum() == pytest.approx(error, rel=1e-5)
        found = boost(emphasis, is_wrong, classes)
        weights.append(found.weight)
        emphasis = found.emphasis
        assert emphasis.mean() == pytest.approx(1, rel=1e-5)
    assert weights == pytest.approx(theirs.estimator_weights_[: len(weights)], rel=1e-4)
    answers = [certain(each.predict(others).astype(int), classes) for each in theirs.estimators_]
    assert voted(answers, weights) == pytest.approx(theirs.predict_proba(others), abs=1e-5)


def test_a_network_without_an_error_is_the_last():
    found = boost(np.ones(4, np.float32), np.zeros(4, bool), 3)
    assert (found.weight, found.last) == (1, True)


def test_one_that_only_guesses_has_no_vote():
    found = boost(np.ones(3, np.float32), np.array([True, True, False]), 3)
    assert (found.weight, found.last) == (0, True)


def test_the_weights_of_two_classes_are_those_of_adaboost():
    # Freund and Schapire (1997): log((1 - err) / err), and the wrong ones weigh half afterwards.
    found = boost(np.ones(4, np.float32), np.array([True, False, False, False]), 2)
    assert found.weight == pytest.approx(math.log(3))
    assert found.emphasis / found.emphasis.sum() == pytest.approx([1 / 2, 1 / 6, 1 / 6, 1 / 6])


@pytest.mark.parametrize("classes", [2, 10])
def test_stacking_learns_as_scikit_learn_does(classes):
    images, labels, others = digits(classes)
    kinds = [GaussianNB(), DecisionTreeClassifier(max_depth=4, random_state=0)]
    folds = StratifiedKFold(3)
    theirs = StackingClassifier(
        [(str(i), kind) for i, kind in enumerate(kinds)], LogisticRegression(), cv=folds
    ).fit(images, labels)
    held_out = [
        cross_val_predict(kind, images, labels, cv=folds, method="predict_proba") for kind in kinds
    ]
    answers = [kind.fit(images, labels).predict_proba(others) for kind in kinds]
    ours = learned(held_out, labels).together([x.astype(np.float32) for x in answers])
    assert ours == pytest.approx(theirs.predict_proba(others), abs=2e-3)
    assert (ours.argmax(axis=1) == theirs.predict(others)).mean() > 0.99


def test_a_class_that_nobody_was_trained_on_is_not_predicted():
    rng = np.random.default_rng(0)
    answers = rng.dirichlet(np.ones(3), 20).astype(np.float32)
    labels = np.array([0, 2] * 10, np.int32)
    assert (learned([answers], labels).together([answers])[:, 1] == 0).all()


def test_averages_are_means_of_probabilities():
    answers = [np.array([[0.9, 0.1]], np.float32), np.array([[0.2, 0.8]], np.float32)]
    assert averaged(answers) == pytest.approx(np.array([[0.55, 0.45]]))
    assert averaged(answers).dtype == np.float32
