"""A cluster on this machine: every node is a set of processes of its own."""

from __future__ import annotations

import os
from contextlib import suppress

import psutil
import pytest


class TwoNodes:
    """A head, where the run is started, and another node. Both have one CPU."""

    def __init__(self):
        from ray.cluster_utils import Cluster

        sizes = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
        # A dead node is noticed within seconds rather than a quarter of a minute.
        health = {"health_check_period_ms": 1000, "health_check_failure_threshold": 3}
        head = {**sizes, "include_dashboard": False, "_system_config": health}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.other = self.cluster.add_node(**sizes)
        self.address = self.cluster.address

    def cut_power(self):
        """All processes of the other node end at once."""
        started = [p.process.pid for each in self.other.all_processes.values() for p in each]
        found = [psutil.Process(each) for each in started]
        found += [child for each in found for child in each.children(recursive=True)]
        for each in found:
            with suppress(psutil.NoSuchProcess):
                each.kill()


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """Of nobody: a token that Ray finds in a user's home would be asked of nodes that have none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def two_nodes(monkeypatch):
    """Both are gone at the end, whatever became of them."""
    for name in (
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "RAY_USAGE_STATS_ENABLED", "RAY_worker_niceness"
    ):  # fmt: skip
        os.environ.setdefault(name, "0")
    nodes = TwoNodes()
    monkeypatch.setenv("CNNBENCH_RAY_ADDRESS", nodes.address)
    yield nodes
    nodes.cluster.shutdown()
