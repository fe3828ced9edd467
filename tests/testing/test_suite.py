"""What a plugin's author sees of the suite under pytest."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]

AUTHORS_FILE = """
from cnnbench.plugin.backend import Availability, Capabilities
from cnnbench.testing import BackendSuite
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel

class Model(NumpyModel):
    def predict(self, batches):
        return super().predict(batches)[::-1]

class Engine(NumpyEngine):
    model = Model

class Mine(NumpyBackend):
    engine = Engine
    capabilities = Capabilities(optimizers=frozenset({"sgd"}))

class Absent(NumpyBackend):
    def check(self):
        return Availability(False, "mytorch is not installed.", "pip install mytorch")

class TestMine(BackendSuite):
    backend = Mine

class TestNameless(BackendSuite):
    pass

class TestOnGpu(BackendSuite):
    backend = NumpyBackend
    device = "gpu"

class TestAbsent(BackendSuite):
    backend = Absent
"""


@pytest.fixture
def outcome(pytester):
    pytester.makepyfile(test_mine=AUTHORS_FILE)

    def run(*arguments):
        # In a process of its own: the one at hand can't import NumPy a second time.
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rfs", *arguments)

    return run


def test_each_check_is_a_test_that_passes_fails_or_is_skipped(outcome):
    result = outcome("-k", "TestMine and ((adam] and not nadam) or flatten or softmax-loss)")
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*the probabilities: expected * got *the channel runs fastest*",
            "FAILED*test_backend?flatten?*",
            "SKIPPED*adam: declared as missing: optimizer adam*",
        ]
    )


def test_a_backend_whose_framework_is_absent_is_skipped_with_what_to_install(outcome):
    result = outcome("-k", "TestAbsent and dense")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*mytorch is not installed. pip install mytorch*"])


def test_a_class_that_names_no_backend_fails_with_a_sentence(outcome):
    result = outcome("-k", "TestNameless and dense")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ['*TestNameless does not say which backend to check: *backend = "mine"*']
    )
    result.stdout.no_fnmatch_line("*AttributeError*")


def test_a_suite_for_a_gpu_is_skipped_where_there_is_none(outcome):
    result = outcome("-k", "TestOnGpu and dense")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*backend numpy has no gpu*"])


def test_the_suite_itself_is_not_collected_where_it_is_imported(outcome):
    result = outcome("--collect-only", "-q", "-k", "BackendSuite")
    result.stdout.no_fnmatch_line("*BackendSuite::*")
