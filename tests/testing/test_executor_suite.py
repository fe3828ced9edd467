"""The executors that come with cnnbench have every property that the suite asks for."""

import pytest

from cnnbench.testing import ExecutorSuite


@pytest.mark.slow
class TestLocal(ExecutorSuite):
    executor = "local"


class TestInline(ExecutorSuite):
    executor = "inline"
