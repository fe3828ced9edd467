from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cnnbench.comparison.inference.spending import alpha_of, crossing, nominal_at, nominal_p

LOOKS = (5, 8, 12, 18, 30)


def test_the_limits_are_the_audited_ones():
    assert nominal_p(LOOKS, 0.045) == pytest.approx(
        [0.0075, 0.0067, 0.0091, 0.0138, 0.0255], abs=5e-5
    )


@pytest.mark.parametrize(
    ("looks", "pocock", "obrien"), [(2, 2.178, 1.977), (5, 2.413, 2.040), (10, 2.555, 2.087)]
)
def test_published_limits_are_crossed_as_often_as_published(looks, pocock, obrien):
    # Jennison and Turnbull 2000, tables 2.1 and 2.3, two-sided alpha .05
    times = tuple(range(1, looks + 1))
    assert sum(crossing(times, (pocock,) * looks)) == pytest.approx(0.05, abs=1e-4)
    falling = tuple(obrien * (looks / k) ** 0.5 for k in times)
    assert sum(crossing(times, falling)) == pytest.approx(0.05, abs=1e-4)


def test_every_look_spends_its_share():
    limits = tuple(-stats.norm.ppf(np.array(nominal_p(LOOKS, 0.045)) / 2))
    shares = np.diff((0, *LOOKS)) / 30 * 0.045
    assert crossing(LOOKS, limits) == pytest.approx(shares, rel=1e-6)


def test_every_look_spends_its_share_of_simulated_means():
    rng, runs = np.random.default_rng(1), 100_000
    sums = np.zeros(runs)
    inside = np.ones(runs, bool)
    for before, look, p in zip((0, *LOOKS), LOOKS, nominal_p(LOOKS, 0.045), strict=False):
        sums += rng.standard_normal(runs) * (look - before) ** 0.5
        out = inside & (abs(sums) / look**0.5 > -stats.norm.ppf(p / 2))
        share = 0.045 * (look - before) / 30
        assert out.mean() == pytest.approx(share, abs=4 * (share / runs) ** 0.5)
        inside &= ~out


def test_one_look_has_all_of_the_level():
    assert nominal_p((7,), 0.05) == pytest.approx([0.05])
    assert nominal_at((7,), 0, 0.05) == 0.05
    assert alpha_of((7,), 0, 0.3) == 0.3


@pytest.mark.parametrize("look", range(5))
def test_the_table_is_the_integral_to_four_digits(look):
    for alpha in (1e-6, 0.0031, 0.045, 0.3):
        exact = nominal_p(LOOKS, alpha)[look]
        assert nominal_at(LOOKS, look, alpha) == pytest.approx(exact, rel=2e-4)


@pytest.mark.parametrize("look", range(5))
def test_the_level_of_a_p_is_the_one_whose_limit_it_is(look):
    for p in (1e-25, 1e-9, 0.004, 0.1):
        assert nominal_at(LOOKS, look, alpha_of(LOOKS, look, p)) == pytest.approx(p, rel=1e-9)
    assert alpha_of(LOOKS, look, 1.0) == 1.0
    assert alpha_of(LOOKS, look, 0.0) == 0.0


def test_limits_of_a_smaller_alpha_lie_outside_those_of_a_larger_one():
    alphas = np.geomspace(1e-8, 0.9, 40)
    nominal = np.array([nominal_p(LOOKS, alpha) for alpha in alphas])
    assert (np.diff(nominal, axis=0) > 0).all()
