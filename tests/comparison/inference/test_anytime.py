from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from cnnbench.comparison.inference.anytime import e_process_interval, e_process_p, log_evidence
from cnnbench.comparison.inference.sample import Sample, sample_of


def test_the_evidence_is_the_integral_it_stands_for():
    # Right Haar prior 1/s on the scale, normal(0, 1) on the effect, both integrated numerically.
    d = np.array([0.4, 1.1, -0.2, 0.9, 0.7])

    def likelihood(effect):
        # the integral over s of prod normal(d; effect s, s) / s: a parabolic cylinder integral
        a, b = (d**2).sum(), effect * d.sum()
        inner, _ = integrate.quad(
            lambda u: u ** (len(d) - 1) * np.exp(-a * u**2 / 2 + b * u - len(d) * effect**2 / 2),
            0,
            60,
        )
        return inner

    mixed, _ = integrate.quad(
        lambda x: likelihood(x) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), -12, 12
    )
    assert log_evidence(sample_of(list(d))) == pytest.approx(
        np.log(mixed / likelihood(0)), abs=1e-6
    )


@pytest.mark.parametrize("n", [5, 6, 12, 30])
def test_a_true_difference_at_the_end_of_the_interval_has_evidence_of_one_over_alpha(n):
    sample = Sample(n, 0.02, 0.03)
    interval = e_process_interval(sample, 0.05)
    moved = Sample(n, sample.mean - interval.low, 0.03)
    assert e_process_p(moved) == pytest.approx(0.05, rel=1e-9)


def test_below_five_differences_there_is_no_interval():
    assert e_process_interval(Sample(4, 0.02, 0.03), 0.05) is None
    assert e_process_interval(Sample(5, 0.02, 0.03), 0.05) is not None


def test_looking_at_every_replicate_errs_rarely():
    rng, runs = np.random.default_rng(2), 4000
    d = rng.standard_normal((runs, 30))
    n = np.arange(1, 31)
    mean = d.cumsum(1) / n
    spread = np.sqrt(np.maximum((d**2).cumsum(1) - n * mean**2, 0) / np.maximum(n - 1, 1))
    erred = sum(
        any(e_process_p(Sample(k, m[k - 1], s[k - 1])) < 0.05 for k in range(2, 31))
        for m, s in zip(mean, spread, strict=True)
    )
    assert erred / runs < 0.05
    assert erred / runs > 0.005
