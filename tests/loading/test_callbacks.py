from __future__ import annotations

import pytest

from cnnbench.loading.manager import load_plugins
from cnnbench.loading.plugins import PluginWarning
from cnnbench.plugin.executor import EpochEnded, Outcome, TrialEnded, TrialStarted
from cnnbench.plugin.run_ended import RunEnded
from cnnbench.results.record import Epoch, Record, Status
from cnnbench.testing.example import example_trial

TRIAL = example_trial(id="t1", backend="good")
EPOCH = Epoch(epoch=3, loss=0.5, penalty=0.0, accuracy=0.75, learning_rate=0.001, seconds=0.1)
RECORD = Record(
    trial="t1", recipe="tiny", variant="plain", replicate=0, backend="good", status=Status.OK
)
EVENTS = (
    TrialStarted(TRIAL, slot=0),
    EpochEnded(TRIAL, slot=0, epoch=EPOCH),
    TrialEnded(TRIAL, slot=0, outcome=Outcome(RECORD)),
)


def tracker(path) -> str:
    return f"""
def note(*values):
    with open({str(path)!r}, "a") as file:
        print(*values, file=file)

@hookimpl
def cnnbench_trial_started(trial):
    note("started", trial.variant)

@hookimpl
def cnnbench_epoch_ended(trial, epoch):
    note("epoch", epoch.epoch, epoch.accuracy)

@hookimpl
def cnnbench_trial_ended(record):
    note("ended", record.status.value)
"""


def test_a_tracker_is_told_of_start_epoch_and_end(place, tmp_path):
    place("tracker_plugin", tracker(tmp_path / "log"))
    plugins = load_plugins()
    for event in EVENTS:
        plugins.notify(event)
    assert (tmp_path / "log").read_text().splitlines() == [
        "started plain",
        "epoch 3 0.75",
        "ended ok",
    ]


@pytest.mark.parametrize("failure", ["ValueError('no server')", "SystemExit('no server')"])
def test_a_tracker_that_fails_is_reported_once_and_switched_off(place, tmp_path, failure):
    place("aa_failing", f"@hookimpl\ndef cnnbench_epoch_ended(trial):\n    raise {failure}")
    place("bb_tracker", tracker(tmp_path / "log"))
    plugins = load_plugins()
    reports: list[str] = []
    for event in (*EVENTS, *EVENTS):
        plugins.notify(event, reports.append)
    (report,) = reports
    assert "'aa_failing'" in report
    assert "no server" in report
    assert len((tmp_path / "log").read_text().splitlines()) == 6


def test_without_a_listener_a_failing_tracker_is_a_warning(place):
    place(
        "aa_failing", "@hookimpl\ndef cnnbench_trial_started():\n    raise ValueError('no server')"
    )
    with pytest.warns(PluginWarning, match="'aa_failing' is told nothing more"):
        load_plugins().notify(EVENTS[0])


def test_an_interrupt_in_a_tracker_stops_the_run(place):
    place("aa_slow", "@hookimpl\ndef cnnbench_trial_started():\n    raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_plugins().notify(EVENTS[0])


def test_a_tracker_is_told_of_the_end_of_a_run(place, tmp_path):
    code = "@hookimpl\ndef cnnbench_run_ended(run):\n    print(run.recipe, run.rows(), file=FILE)"
    place("tracker_plugin", f"FILE = open({str(tmp_path / 'log')!r}, 'w', buffering=1)\n{code}")
    plugins = load_plugins()
    plugins.notify(RunEnded("tiny", "good", tmp_path, list, str))
    assert (tmp_path / "log").read_text() == "tiny []\n"
    (found,) = [x for x in plugins.found() if x.name == "tracker_plugin"]
    assert found.thing.description == "is told: run ended"
