"""A check that nothing can fail is no check: a backend that is wrong in one thing fails it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from wrong_backends import WRONG_BACKENDS
from wrong_backends.single import RIGHT_WITH_DENSE_ONLY
from wrong_backends.training import RIGHT_WITH_MIXED_PRECISION

from cnnbench.testing import CHECKS, CheckResult
from cnnbench.testing.checking import run_check
from cnnbench.testing.numpy_backend import NumpyBackend
from cnnbench.testing.rig import Rig
from cnnbench.testing.target import target_name

BY_NAME = {check.name: check for check in CHECKS}


def rig_of(backend, target=""):
    """As in a fresh process, where only what the suite needs is loaded."""
    return Rig(backend, before=set(sys.modules) - {"iniconfig"}, target=target)


SLOW = {"memory", "memory-of-models"}
EACH = [
    pytest.param(wrong, id=str(wrong), marks=[pytest.mark.slow] * (wrong.caught_by in SLOW))
    for wrong in WRONG_BACKENDS
]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", EACH)
def test_a_wrong_backend_fails_the_check_meant_for_it(wrong):
    finding = run_check(BY_NAME[wrong.caught_by], rig_of(wrong.backend, wrong.target))
    assert finding.verdict is CheckResult.FAILED, finding
    assert finding.reason


def test_every_check_is_failed_by_a_wrong_backend():
    assert {wrong.caught_by for wrong in WRONG_BACKENDS} == set(BY_NAME)


@pytest.mark.parametrize("name", ["bfloat16", "bfloat16-weights"])
def test_rounding_the_images_to_bfloat16_passes_the_checks_of_mixed_precision(name):
    finding = run_check(BY_NAME[name], Rig(RIGHT_WITH_MIXED_PRECISION))
    assert finding.verdict is CheckResult.PASSED, finding


@pytest.mark.slow
def test_a_seed_that_is_salted_shows_only_in_another_process():
    [salted] = [wrong for wrong in WRONG_BACKENDS if wrong.caught_by == "other-process"]
    alone = run_check(BY_NAME["dropout-seed"], rig_of(salted.backend))
    assert alone.verdict is CheckResult.PASSED, alone
    beside = run_check(BY_NAME["other-process"], rig_of(salted.backend, salted.target))
    assert "in another process: expected" in beside.reason


@pytest.mark.slow
def test_the_reference_gives_the_same_in_another_process():
    rig = rig_of(NumpyBackend(), target_name(NumpyBackend))
    finding = run_check(BY_NAME["other-process"], rig)
    assert finding.verdict is CheckResult.PASSED, finding


def test_a_check_that_is_not_about_options_is_made_without_those_that_are_missing():
    class Plain(NumpyBackend):
        capabilities = replace(NumpyBackend.capabilities, options=frozenset())

    finding = run_check(BY_NAME["stacked"], rig_of(Plain()))
    assert finding.verdict is CheckResult.PASSED, finding


@pytest.mark.slow
def test_no_check_is_failed_by_a_reference_of_few_layers():
    rig = rig_of(RIGHT_WITH_DENSE_ONLY)
    findings = [run_check(check, rig) for check in CHECKS if check.name != "light"]
    assert [finding for finding in findings if finding.verdict is CheckResult.FAILED] == []
