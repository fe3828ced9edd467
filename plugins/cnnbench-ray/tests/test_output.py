"""What a worker printed last is kept with the failure of its trial, wherever the worker was."""

from __future__ import annotations

import pytest

from cnnbench.plugin import EpochEnded, Limits, Status
from cnnbench.testing import StandIn, example_trial
from cnnbench_ray import RayExecutor

pytestmark = pytest.mark.cluster


def talking(limits, folder):
    """Work whose trials speak before they end; of a class that travels by value."""

    class Talking(StandIn):
        def _act(self, trial):
            import os
            import sys

            print(f"printed by {trial.id}")
            print(f"complained by {trial.id}", file=sys.stderr)
            os.write(2, f"written by {trial.id}\n".encode())
            if trial.variant == "raises":
                raise ValueError("out of\norder")
            return super()._act(trial)

    return Talking("stand-in", "cpu", limits, {}, folder=str(folder), patience=120.0)


def trials_of(work, *variants):
    digests = [work.images(example_trial(replicate=each)).digest for each in range(len(variants))]
    return [
        example_trial(id=f"{each:016x}", replicate=each, variant=variant, data=digests[each])
        for each, variant in enumerate(variants)
    ]


def said(trial):
    return [f"{how} by {trial.id}" for how in ("printed", "complained", "written")]


def test_a_failure_keeps_traceback_and_last_output(tmp_path):
    limits = Limits(slots=1, threads=1, timeout=5.0)
    work = talking(limits, tmp_path)
    trials = trials_of(work, "dies", "fails", "raises", "hangs", "plain")
    work.notes.let_go(trials[0])
    outcomes = {x.record.trial: x for x in RayExecutor().run(trials, limits, lambda _: None, work)}
    died, failed, raised, late, fine = (outcomes[trial.id] for trial in trials)
    assert (late.record.status, fine.record.status) == (Status.TIMEOUT, Status.OK)
    for trial, outcome in zip(trials, (died, failed, raised, late), strict=False):
        assert all(text in outcome.failure for text in said(trial))
        assert ".out on " in outcome.failure
        assert ":actor_name:" not in outcome.failure
    assert failed.failure.startswith("Traceback of it\n")
    assert raised.record.reason == "ValueError: out of order"
    assert 'raise ValueError("out of\\norder")' in raised.failure
    assert "\x1b" not in raised.failure
    assert fine.failure == ""


def test_it_comes_from_another_node_too(two_nodes, tmp_path):
    limits = Limits(slots=2, threads=1)
    work = talking(limits, tmp_path)
    trials = trials_of(work, "dies", "dies")
    heard = []

    def listen(event):
        heard.append(event)
        if sum(isinstance(each, EpochEnded) for each in heard) == 2:
            for trial in trials:
                work.notes.let_go(trial)

    outcomes = {x.record.trial: x for x in RayExecutor().run(trials, limits, listen, work)}
    for trial in trials:
        failure = outcomes[trial.id].failure
        assert all(text in failure for text in said(trial))
