from __future__ import annotations

import pytest

from cnnbench.comparison.intervals import Estimate, Interval
from cnnbench.comparison.metrics import Unit
from cnnbench.report.quantities import duration, energy, percent, scale_of


def estimate(mean, half=None):
    return Estimate(mean, 3, None if half is None else Interval(mean - half, mean + half))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0854, "85 ms"),
        (12.34, "12.3 s"),
        (119.9, "119.9 s"),
        (200.4, "3 min 20 s"),
        (3599.6, "1 h 00 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_durations_have_the_unit_that_suits_them(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("joules", "text"), [(4.21, "4.2 J"), (850.4, "850 J"), (3599, "3599 J"), (44_280, "12.3 Wh")]
)
def test_energies_have_the_unit_that_suits_them(joules, text):
    assert energy(joules) == text


@pytest.mark.parametrize(
    ("unit", "mean", "half", "text"),
    [
        (Unit.FRACTION, 0.978, 0.004, "97.8 ± 0.4 %"),
        (Unit.FRACTION, 0.9908, 0.0003, "99.08 ± 0.03 %"),
        (Unit.FRACTION, 0.978, None, "97.8 %"),
        (Unit.FRACTION, 1.0, 0.0, "100.0 ± 0.0 %"),
        (Unit.SECONDS, 0.0005, 0.000004, "0.500 ± 0.004 ms"),
        (Unit.SECONDS, 12.34, 0.02, "12.34 ± 0.02 s"),
        (Unit.SECONDS, 12.34, 1e-9, "12.340 ± 0.000 s"),
        (Unit.BYTES, 734_003_200, 104_858, "700.0 ± 0.1 MiB"),
        (Unit.NATS, 0.12345, 0.01, "0.123 ± 0.010"),
        (Unit.SECONDS, 0.0021, 0.0001, "2.1 ± 0.1 ms"),
        (Unit.SECONDS, 12.34, 1.0, "12.3 ± 1.0 s"),
        (Unit.SECONDS, 1200, 60, "20.0 ± 1.0 min"),
        (Unit.RATE, 2612.3, 51, "2,612 ± 51"),
        (Unit.BYTES, 734_003_200, 1_048_576, "700 ± 1 MiB"),
        (Unit.COUNT, 93_322, None, "93,322"),
        (Unit.JOULES, 850.4, 12.0, "850 ± 12 J"),
        (Unit.JOULES, 44_280, 720, "12.3 ± 0.2 Wh"),
    ],
)
def test_values_have_the_unit_that_suits_their_column(unit, mean, half, text):
    value = estimate(mean, half)
    assert scale_of(unit, [value]).value(value) == text


def test_a_column_shares_its_unit_and_decimals():
    small, large = estimate(0.5, 0.1), estimate(20.0, 1.0)
    scale = scale_of(Unit.SECONDS, [small, large])
    assert scale.value(small) == "0.5 ± 0.1 s"
    assert scale.value(large) == "20.0 ± 1.0 s"


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.012, 0.009, "+1.2 [+0.3, +2.1]"),
        (-0.012, 0.009, "-1.2 [-2.1, -0.3]"),
        (0.012, None, "+1.2"),
        (0.0, None, "0.0"),
        (0.006, 0.0063, "+0.6 [-0.0, +1.2]"),
    ],
)
def test_differences_are_signed(mean, half, text):
    difference = estimate(mean, half)
    assert scale_of(Unit.FRACTION, [estimate(0.9, 0.01)]).difference(difference) == text


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.0002, 0.0005, "+0.02 [-0.03, +0.07]"),
        (-0.0004, None, "-0.04"),
        (0.0, 0.0, "0.0 [0.0, 0.0]"),
        (0.00001, 0.03, "+0.0 [-3.0, +3.0]"),
    ],
)
def test_differences_have_the_decimals_that_their_intervals_take(mean, half, text):
    values, difference = [estimate(0.9, 0.01)], estimate(mean, half)
    scale = scale_of(Unit.FRACTION, values, [difference])
    assert scale.difference(difference) == text
    assert scale.value(values[0]) == "90.0 ± 1.0 %"


def test_differences_have_the_unit_of_the_values():
    difference = estimate(0.003, 0.002)
    scale = scale_of(Unit.SECONDS, [estimate(2.0, 0.1)], [difference])
    assert scale.points == "s"
    assert scale.difference(difference) == "+0.003 [+0.001, +0.005]"


def test_a_column_without_values_has_a_scale_all_the_same():
    assert scale_of(Unit.SECONDS, []).unit == "ms"


def test_levels_are_per_cent():
    assert percent(0.1141) == "11.4 %"
