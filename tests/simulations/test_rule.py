"""A few hundred studies each, so that a rule gone wrong is seen; tables.py has the figures.

Bounds are four Monte-Carlo errors from the level that holds; seeds are fixed.
"""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.simulation, pytest.mark.slow]
RUNS = 400
ERROR = (0.05 * 0.95 / RUNS) ** 0.5
SMALL_DATA = tuple(points / 2.26 for points in (2.3, 0.4, 0.0, 1.5, 4.8, 4.7))


@pytest.mark.parametrize("way", [{"n": 5}, {"n": 10}, {"most": 30}])
@pytest.mark.parametrize("kind", ["normal", "tied"])
@pytest.mark.parametrize("size", [2, 6])
def test_a_study_in_which_nothing_works_rarely_says_that_something_does(simulate, way, kind, size):
    found = simulate((0.0,) * size, runs=RUNS, seed=2, kind=kind, **way)
    assert found.family_error < 0.05 + 4 * ERROR
    assert found.coverage_of_all > 0.95 - 4 * ERROR


@pytest.mark.parametrize("way", [{"n": 5}, {"n": 10}, {"most": 30}])
def test_each_interval_covers_its_difference_whatever_the_others_are(simulate, way):
    found = simulate((3.0,) * 5 + (0.0,), runs=RUNS, seed=3, **way)
    error = (0.05 * 0.95 / RUNS / 6) ** 0.5
    assert found.coverage > 0.95 - 4 * error
    assert found.coverage_plain > 0.95 - 4 * error
    assert found.coverage_of_all > 0.90 - 4 * (0.1 * 0.9 / RUNS) ** 0.5
    assert found.false / RUNS < 0.05 + 4 * ERROR


def test_replicates_until_settled_find_what_the_most_finds_in_fewer_trials(simulate):
    fixed = simulate(SMALL_DATA, runs=RUNS, seed=4, n=30)
    grown = simulate(SMALL_DATA, runs=RUNS, seed=4, most=30)
    assert grown.trials < 0.75 * fixed.trials
    for i, loss in ((0, 0.03), (3, 0.12), (4, 0.0), (5, 0.0)):
        assert grown.power[i] >= fixed.power[i] - loss - 4 * (0.2 * 0.8 / RUNS) ** 0.5


def test_of_a_hundred_replicates_looks_beyond_the_first_cost_no_false_claims(simulate):
    found = simulate((0.0,) * 6, runs=RUNS, seed=6, most=100)
    assert found.family_error < 0.05 + 4 * ERROR


@pytest.mark.parametrize("images", [(300, 150, 90), (2000, 200, 500, True)])
def test_accuracies_hold_for_new_images_where_students_interval_does_not(simulated_images, images):
    design = simulated_images.Design(*images)
    (found,) = simulated_images.coverage(design, (30,), runs=60, seed=7)
    assert found.student < 0.85
    assert found.known > 0.95 - 4 * (0.05 * 0.95 / 60) ** 0.5
    assert found.at_most >= found.known


@pytest.mark.parametrize(("n", "deviations"), [(5, 1.682), (10, 0.996), (30, 0.529)])
def test_so_many_pairs_find_what_they_are_said_to_find(simulate, n, deviations):
    found = simulate((deviations,), runs=RUNS, seed=5, n=n)
    assert found.power[0] == pytest.approx(0.8, abs=4 * (0.8 * 0.2 / RUNS) ** 0.5)
