"""What a run started from Python shows."""

from __future__ import annotations

import pytest
from rich.console import Console

import cnnbench
from cnnbench.errors import OptionsError
from cnnbench.plugin import EpochEnded, TrialEnded, TrialStarted
from cnnbench.report import live, watch
from cnnbench.report.live import LiveView, PlainView, choose_view
from cnnbench.testing.example import example_trial

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]


@pytest.fixture
def run(recipe, tmp_path):
    def run(rate=0.2, **options):
        options = {"backend": "scripted", "results": tmp_path, "overrides": {"replicates": 1}} | (
            options
        )
        return cnnbench.run(recipe(rate), **options)

    return run


@pytest.mark.parametrize("progress", [None, False])
def test_nothing_is_shown_where_nobody_looks(run, capfd, progress):
    run(rate=7.0, progress=progress)
    assert capfd.readouterr() == ("", "")


def test_progress_is_shown_anywhere_if_asked_for(run, capfd):
    run(progress=True)
    lines = capfd.readouterr().out.splitlines()
    assert [line[:5] for line in lines] == ["[1/2]", "[2/2]"]


def test_a_terminal_shows_progress_unless_silence_is_asked_for(run, capfd, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # makes a terminal of a pipe
    monkeypatch.setenv("TERM", "xterm")
    run()
    assert "of 2 trials" in capfd.readouterr().out
    run(progress=False, force=True)
    assert capfd.readouterr().out == ""


def test_a_listener_hears_every_event_and_nothing_is_shown(run, capfd):
    heard = []
    records = run(progress=heard.append, jobs=1)
    trial = [TrialStarted, EpochEnded, EpochEnded, TrialEnded]
    assert [type(event) for event in heard if event.trial.variant == "good"] == trial
    ended = [event.outcome.record for event in heard if isinstance(event, TrialEnded)]
    assert ended == records
    assert capfd.readouterr() == ("", "")


def test_an_error_of_a_listener_is_its_callers_and_costs_nothing_recorded(run):
    def listener(event):
        if isinstance(event, TrialEnded):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(progress=listener, jobs=1)
    heard = []
    assert len(run(progress=heard.append)) == 2
    assert len([event for event in heard if isinstance(event, TrialEnded)]) < 2


@pytest.mark.parametrize("progress", ["yes", 1, []])
def test_any_other_progress_is_an_expected_error(run, progress):
    with pytest.raises(OptionsError, match="expected True, False, or a function that hears events"):
        run(progress=progress)


@pytest.mark.parametrize(("widgets", "view"), [(object(), LiveView), (None, PlainView)])
def test_a_notebook_shows_what_it_can(monkeypatch, widgets, view):
    monkeypatch.setattr(live, "find_spec", lambda name: widgets)
    notebook = Console(force_jupyter=True)
    assert type(choose_view(notebook, [example_trial()], quiet=False)) is view
    monkeypatch.setattr(watch, "Console", lambda: notebook)
    assert type(watch.watch(None, [example_trial()])) is view
