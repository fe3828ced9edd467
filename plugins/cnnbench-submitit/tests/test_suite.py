"""The executor has every property that cnnbench asks of executors, with jobs on this machine."""

from __future__ import annotations

import pytest

from cnnbench.plugin import PluginError
from cnnbench.testing import ExecutorSuite, load_plugins
from cnnbench_submitit import SubmititExecutor


@pytest.mark.cluster
class TestSubmitit(ExecutorSuite):
    executor = "submitit:local"
    patience = 120.0

    @pytest.fixture(autouse=True)
    @staticmethod
    def folder(tmp_path, monkeypatch):
        """Nothing is left of the jobs."""
        monkeypatch.setenv("CNNBENCH_SUBMITIT_FOLDER", str(tmp_path))
        yield
        assert list(tmp_path.iterdir()) == []


def test_another_cluster_is_refused():
    with pytest.raises(PluginError, match="knows no cluster 'slrum', did you mean 'slurm'"):
        load_plugins().executor("submitit:slrum")


@pytest.mark.parametrize(
    ("given", "reason"),
    [("gpu", "has 'gpu', expected NAME=VALUE"), ("slurm_partitoin=gpu", "slurm_partitoin")],
)
def test_parameters_that_submitit_does_not_know_are_named(given, reason, tmp_path, monkeypatch):
    from cnnbench.plugin import Limits
    from cnnbench.testing import StandIn, example_trial

    monkeypatch.setenv("CNNBENCH_SUBMITIT_FOLDER", str(tmp_path))
    monkeypatch.setenv("CNNBENCH_SUBMITIT", given)
    work = StandIn("stand-in", "cpu", Limits(1, 1), {})
    with pytest.raises(PluginError, match=reason):
        list(SubmititExecutor("local").run([example_trial()], work.limits, print, work))
    assert list(tmp_path.iterdir()) == []
