from __future__ import annotations

from cnnbench.testing import BackendSuite


class TestTorch(BackendSuite):
    backend = "torch"


class TestTensorflow(BackendSuite):
    backend = "tensorflow"


class TestJax(BackendSuite):
    backend = "jax"
