"""Simulated accuracies: how often their intervals hold for new images, not for these alone.

A world of images without end: three classes of two clusters each in eight dimensions. A replicate
trains ridge regression on random features, its initial weights, with some images of a pool and
tests it on others. What is to be covered is the accuracy of what is trained on this pool on new
images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnbench.comparison.inference.image_spread import (
    largest_variance,
    over_images,
    variance_between_images,
)
from cnnbench.comparison.intervals import Interval, student_interval

CLASSES, CLUSTERS, DIMENSIONS, FEATURES = 3, 2, 8, 40
CENTRES = np.random.default_rng(0).normal(0, 1.2, (CLASSES, CLUSTERS, DIMENSIONS))
FRESH, MORE = 2000, 150
"""New images that a replicate meets, and replicates that the truth is the mean of."""


@dataclass(frozen=True)
class Design:
    """How many images a replicate trains and tests on, of a pool of so many.

    own_test: whether test images are the same each time, beside the pool.
    """

    pool: int
    train: int
    test: int
    own_test: bool = False

    @property
    def tested_of(self) -> int:
        return self.test if self.own_test else self.pool


DESIGNS = {
    "200 trained on, 1,000 tested, of 5,000": Design(5000, 200, 1000),
    "150 trained on, 90 tested, of 300": Design(300, 150, 90),
    "200 of 2,000 trained on, the same 500 tested": Design(2000, 200, 500, own_test=True),
}


@dataclass
class Coverage:
    """Shares of intervals that hold the truth: Student's, with predictions, without."""

    student: float = 0.0
    known: float = 0.0
    at_most: float = 0.0


def coverage(design: Design, counts: tuple[int, ...], *, runs: int, seed: int) -> list[Coverage]:
    """The shares for each number of replicates, all of the same studies."""
    rng = np.random.default_rng(seed)
    found = [Coverage() for _ in counts]
    for _ in range(runs):
        tested, truth = _study(rng, design, max(counts))
        for count, shares in zip(counts, found, strict=True):
            replicates = tested[:count]
            accuracies = [float(right.mean()) for _, right in replicates]
            mean, students = float(np.mean(accuracies)), student_interval(accuracies)
            largest = largest_variance(mean)
            between = variance_between_images(replicates[:10])
            between = largest if between is None else between
            pool = design.tested_of
            known = over_images(mean, students, between / pool)
            at_most = over_images(mean, students, largest / pool)
            shares.student += _holds(students, truth) / runs
            shares.known += _holds(known, truth) / runs
            shares.at_most += _holds(at_most, truth) / runs
    return found


def _holds(interval: Interval, truth: float) -> bool:
    return interval.low <= truth <= interval.high


def _study(rng: np.random.Generator, design: Design, count: int):
    """What each replicate tested, whether rightly, and how often many more are right elsewhere."""
    pool, labels = _draw(rng, design.pool + design.test * design.own_test)
    rows = np.arange(design.pool)
    own = np.arange(design.pool, len(pool))
    tested, truths = [], []
    for replicate in range(count + MORE):
        rng.shuffle(rows)
        train = rows[: design.train]
        predict = _train(rng, pool[train], labels[train])
        if replicate < count:
            test = own if design.own_test else rows[design.train :][: design.test].copy()
            tested.append((test, predict(pool[test]) == labels[test]))
        else:
            new, true = _draw(rng, FRESH)
            truths.append((predict(new) == true).mean())
    return tested, float(np.mean(truths))


def _draw(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.integers(0, CLASSES, count)
    centres = CENTRES[labels, rng.integers(0, CLUSTERS, count)]
    return centres + rng.standard_normal(centres.shape), labels


def _train(rng: np.random.Generator, images: np.ndarray, labels: np.ndarray):
    weights = rng.standard_normal((DIMENSIONS, FEATURES))
    offsets = rng.standard_normal(FEATURES)

    def features(images: np.ndarray) -> np.ndarray:
        return np.maximum(images @ weights + offsets, 0)

    seen, wanted = features(images), 2 * np.eye(CLASSES)[labels] - 1
    solved = np.linalg.solve(seen.T @ seen + np.eye(FEATURES), seen.T @ wanted)
    return lambda images: (features(images) @ solved).argmax(1)
