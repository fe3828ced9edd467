"""The executable specification passes its own suite, given in each of the ways there are."""

from __future__ import annotations

from cnnbench.plugin.backend import Backend
from cnnbench.testing import BackendSuite
from cnnbench.testing.numpy_backend import NumpyBackend


def make_backend() -> Backend:
    return NumpyBackend()


class TestNumpyBackend(BackendSuite):
    backend = NumpyBackend


class TestFactoryInATestFile(BackendSuite):
    backend = make_backend


class TestBackendByModuleAndAttribute(BackendSuite):
    backend = "cnnbench.testing.numpy_backend:NumpyBackend"
