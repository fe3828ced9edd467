"""Workers that do not come up, while others train or not."""

import errno
import os

import pytest

from cnnbench.errors import PluginError
from cnnbench.execution import local, opening
from cnnbench.execution.run import run_prepared
from cnnbench.installed import installed_plugins
from cnnbench.planning.prepare import RunOptions, prepare
from cnnbench.plugin.executor import Limits, Remark, TrialStarted

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]


@pytest.fixture
def run(recipe, tmp_path, monkeypatch):
    """Run the tiny study; return what was remarked, and the statuses of the records or the error.

    The backend `lonely` can be opened once; what it trains waits for the file that a remark leaves.
    """
    events = []
    given_up = tmp_path / "given up"
    monkeypatch.setenv("LONELY", str(given_up))

    def hear(event):
        events.append(event)
        if isinstance(event, Remark):
            given_up.touch()

    def limit(limits):
        """None of the time that a slow machine takes to open the first."""
        return 0.0 if any(isinstance(event, TrialStarted) for event in events) else 600.0

    def run(backend, **options):
        if os.environ.get("LONELY_MANNER") == "hangs":
            monkeypatch.setattr(local, "opening_limit", limit)
        plugins = installed_plugins()
        how = RunOptions(tmp_path / "results", **options)
        prepared = prepare(recipe(), [backend], plugins, how)
        try:
            run_prepared(prepared, plugins, how, hear)
            found = [record.status for record in prepared.records()]
        except PluginError as error:
            found = str(error)
        return [event.text for event in events if isinstance(event, Remark)], found

    return run


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("dies", "workers for backend lonely don't come up: they die before their first trial"),
        ("refuses", "the memory is taken"),
        ("hangs", "backend lonely was not open after 0 s"),
    ],
)
def test_a_slot_whose_workers_do_not_start_is_given_up_and_the_rest_runs(
    run, monkeypatch, manner, reason
):
    monkeypatch.setenv("LONELY_MANNER", manner)
    remarks, found = run("lonely", jobs=2)
    assert found == ["ok"] * 4
    assert [remark for remark in remarks if remark.startswith(f"one worker less, as {reason}")]


def test_a_backend_that_no_worker_can_open_is_an_error_and_no_remark(run):
    remarks, found = run("stillborn", jobs=2)
    assert not remarks
    assert found.startswith("workers for backend stillborn don't come up: they die before their")
    assert "exit code 3" in found


def test_no_process_to_be_had_is_an_error_like_one_that_dies(run, monkeypatch):
    def none_left(*arguments):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(local, "open_worker", none_left)
    _, found = run("scripted")
    assert "no process can be started: Resource temporarily unavailable" in found


def test_a_backend_that_is_long_in_opening_is_named_while_it_is_waited_for(run, monkeypatch):
    monkeypatch.setattr(local, "SLOW_OPENING", 0.0)
    monkeypatch.setattr(local, "opening_limit", lambda limits: 3.0)
    remarks, found = run("hanging", jobs=2)  # both are waited for, which is said once
    expected = "waiting for backend hanging, which is being opened; it may take up to 3 s"
    assert remarks == [expected]
    assert found.startswith("backend hanging was not open after 3 s")


def test_an_impatient_user_does_not_wait_ten_minutes_for_a_backend(monkeypatch):
    assert opening.opening_limit(Limits(1, 1)) == 600
    assert opening.opening_limit(Limits(1, 1, timeout=5)) == 60
    assert opening.opening_limit(Limits(1, 1, timeout=200)) == 200
    assert opening.opening_limit(Limits(1, 1, timeout=5000)) == 600
