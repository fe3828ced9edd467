"""-v and --log-level show what happens inside, and disturb nothing else."""

import io
import logging
import sys

import pytest
from rich.console import Console

from cnnbench.cli.logs import log_lines
from cnnbench.report.live import LiveView, Progress
from cnnbench.testing.example import example_trial

pytestmark = pytest.mark.usefixtures("scripted_path")

ROOMS = {
    "loading.manager",
    "data.sources.cache",
    "planning.prepare",
    "execution.local",
    "execution.process",
    "training.trial",
    "results.store",
    "comparison.compare",
}


def rooms(text):
    names = {word.rstrip(":") for word in text.split() if word.startswith("cnnbench.")}
    return {name.removeprefix("cnnbench.") for name in names}


def levels(text):
    return {line.split()[1] for line in text.splitlines()}


@pytest.mark.slow
def test_a_run_tells_nothing_unless_asked(command, recipe, besides_waiting):
    done = command("run", recipe(), "--backend", "scripted")
    assert done.returncode == 0
    assert besides_waiting(done.stderr) == ""


@pytest.mark.slow
def test_v_tells_what_every_room_does_and_vv_more(command, recipe, besides_waiting):
    told = command("run", recipe(), "--backend", "scripted", "-v")
    assert told.returncode == 0
    assert rooms(told.stderr) >= ROOMS
    assert levels(besides_waiting(told.stderr)) == {"INFO"}
    assert "[process " in told.stderr  # of workers, too
    assert "INFO" not in told.stdout
    more = command("run", recipe(), "--backend", "scripted", "--force", "-vv")
    assert levels(besides_waiting(more.stderr)) == {"INFO", "DEBUG"}


@pytest.mark.parametrize("level", ["info", "INFO"])
def test_a_level_may_be_named(command, recipe, level):
    told = command("run", recipe(), "--backend", "scripted", "--dry-run", "--log-level", level)
    assert levels(told.stderr) == {"INFO"}


def test_an_unknown_level_is_refused_with_those_there_are(command, recipe):
    done = command("run", recipe(), "--log-level", "loud")
    assert done.returncode == 2
    assert "'loud' is not one of 'debug', 'info', 'warning', 'error'" in " ".join(
        done.stderr.replace("│", " ").split()
    )


@pytest.mark.slow
def test_quiet_and_verbose_go_together(command, recipe):
    done = command("run", recipe(), "--backend", "scripted", "-q", "-v")
    assert done.stdout == ""
    assert rooms(done.stderr) >= {"execution.local", "results.store"}


@pytest.mark.slow
def test_parity_shows_the_traceback_that_its_reason_promises(command, recipe):
    arguments = ("parity", recipe(7.0), "--backend", "scripted", "--backend", "rounded")
    done = command(*arguments)
    assert "parity -v shows the whole traceback" in " ".join(done.stdout.split())
    told = command(*arguments, "-v")
    assert "Traceback (most recent call last)" in told.stderr
    assert "in train_epoch" in told.stderr


class Errors(io.StringIO):
    def __init__(self, *, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_lines_go_above_the_view_only_where_they_share_its_terminal(monkeypatch, terminal):
    screen, errors = io.StringIO(), Errors(terminal=terminal)
    monkeypatch.setattr(sys, "stderr", errors)
    view = LiveView(
        Console(file=screen, force_terminal=True, width=100), Progress([example_trial()])
    )
    with log_lines(logging.INFO), view:
        logging.getLogger("cnnbench.room").info("something happened")
    shown, other = (screen, errors) if terminal else (errors, screen)
    assert "something happened" in shown.getvalue()
    assert "something happened" not in other.getvalue()


def test_what_others_named_moves_no_cursor(capsys):
    with log_lines(logging.INFO):
        logging.getLogger("cnnbench.room").info("a class called %s", "\x1b[2J")
    assert capsys.readouterr().err.endswith(r"a class called \x1b[2J" + "\n")


def test_afterwards_all_is_as_before():
    package, top = logging.getLogger("cnnbench"), logging.getLogger()
    before = (package.level, list(top.handlers))
    with log_lines(logging.DEBUG):
        assert package.level == logging.DEBUG
    assert (package.level, list(top.handlers)) == before
