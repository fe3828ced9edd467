"""Two nodes, one of which dies: that costs time, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from cnnbench.plugin import EpochEnded, Limits, PluginError, Remark, Status, TrialStarted
from cnnbench.testing import StandIn, example_trial
from cnnbench_ray import RayExecutor

pytestmark = pytest.mark.cluster


def test_a_trial_whose_node_dies_is_run_again_elsewhere(two_nodes, tmp_path):
    limits = Limits(slots=2, threads=1)
    work = StandIn("stand-in", "cpu", limits, {}, folder=str(tmp_path), patience=120.0)
    digests = [work.images(example_trial(replicate=each)).digest for each in range(2)]
    trials = [
        example_trial(id=f"{each:016x}", replicate=each, variant="waits", data=digests[each])
        for each in range(2)
    ]
    heard = []

    def listen(event):
        heard.append(event)
        if sum(isinstance(each, EpochEnded) for each in heard) == 2 and not remarks(heard):
            two_nodes.cut_power()
            for trial in trials:
                work.notes.let_go(trial)

    executor = RayExecutor()
    assert executor.slots() == 2
    outcomes = {x.record.trial: x for x in executor.run(trials, limits, listen, work)}
    assert {x.record.status for x in outcomes.values()} == {Status.OK}
    started = [event.trial.id for event in heard if isinstance(event, TrialStarted)]
    assert sorted(map(started.count, outcomes)) == [1, 2]
    assert any("died; what it ran is run again elsewhere" in text for text in remarks(heard))


def remarks(heard):
    return [event.text for event in heard if isinstance(event, Remark)]


@pytest.mark.framework
@pytest.mark.timeout(3600)
def test_a_study_loses_nothing_with_a_node_and_has_the_records_of_local(two_nodes, tmp_path):
    run = [sys.executable, "-m", "cnnbench", "run", "smoke", "--backend", "torch-native,torch"]
    there, here = tmp_path / "ray", tmp_path / "local"
    running = subprocess.Popen([*run, "--executor", "ray", "--jobs", "2", "-o", there])
    until = time.monotonic() + 1200
    while not list(there.rglob("predictions/*.npz")):
        assert running.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    two_nodes.cut_power()
    assert running.wait(2000) == 0
    subprocess.run([*run, "--jobs", "2", "-o", here], check=True)
    records = records_of(there)
    assert len(records) == 12
    assert records == records_of(here)
    for trial in records:
        assert_same_arrays(*(next(x.rglob(f"predictions/{trial}.npz")) for x in (there, here)))


def records_of(results):
    """By trial, without times and what ran beside."""
    files = results.rglob("records.jsonl")
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    left_out = {"costs", "started", "beside"}
    found = {x["trial"]: {key: x[key] for key in x.keys() - left_out} for x in lines}
    assert len(found) == len(lines)
    return found


def assert_same_arrays(one, other):
    with np.load(one) as ours, np.load(other) as theirs:
        assert ours.files == theirs.files
        for name in ours.files:
            assert ours[name].dtype == theirs[name].dtype
            np.testing.assert_array_equal(ours[name], theirs[name])


def test_a_trial_that_no_node_has_room_for_is_refused(two_nodes, tmp_path):
    limits = Limits(slots=1, threads=3)
    work = StandIn("stand-in", "cpu", limits, {}, folder=str(tmp_path))
    with pytest.raises(PluginError, match="no node of the Ray cluster has 3 CPUs"):
        list(RayExecutor().run([example_trial()], limits, lambda _: None, work))


def test_a_cluster_that_does_not_answer_is_named(monkeypatch):
    with pytest.raises(PluginError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        RayExecutor("127.0.0.1:1").slots()
