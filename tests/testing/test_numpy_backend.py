"""The executable specification passes its own suite, given in each of the ways there are."""

from __future__ import annotations

import pytest

from cnnbench.plugin.backend import Backend
from cnnbench.testing import CHECKS, BackendSuite
from cnnbench.testing.numpy_backend import NumpyBackend

SLOW = {"memory", "memory-of-models", "other-process"}


def make_backend() -> Backend:
    return NumpyBackend()


class TestNumpyBackend(BackendSuite):
    backend = NumpyBackend

    def pytest_generate_tests(self, metafunc):
        each = [
            pytest.param(check, id=check.name, marks=[pytest.mark.slow] * (check.name in SLOW))
            for check in CHECKS
        ]
        metafunc.parametrize("check", each)


class FewChecks(BackendSuite):
    """Of whole suites of the same backend one is enough."""

    def pytest_generate_tests(self, metafunc):
        few = [check for check in CHECKS if check.name in {"dense", "weight-round-trip", "adam"}]
        metafunc.parametrize("check", few, ids=[check.name for check in few])


class TestFactoryInATestFile(FewChecks):
    backend = make_backend


class TestBackendByModuleAndAttribute(FewChecks):
    backend = "cnnbench.testing.numpy_backend:NumpyBackend"
