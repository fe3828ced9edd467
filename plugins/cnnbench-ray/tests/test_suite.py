"""The executor has every property that cnnbench asks of executors, on one node for all checks."""

from __future__ import annotations

import os

import pytest

from cnnbench.plugin import Limits
from cnnbench.testing import ExecutorSuite
from cnnbench_ray._cluster import connected

pytestmark = pytest.mark.cluster


class TestRay(ExecutorSuite):
    executor = "ray"
    patience = 120.0

    @pytest.fixture(autouse=True, scope="class")
    @staticmethod
    def node():
        """A connection that is there already is used; starting a node takes many seconds."""
        with connected("", Limits(slots=3, threads=1)):
            yield

    def test_trials_give_way_to_nothing_else(self):
        """Ray alone would have them run at a niceness of 15."""
        import ray

        assert ray.get(ray.remote(lambda: os.nice(0)).remote()) == os.nice(0)
