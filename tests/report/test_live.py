"""What a run shows on a terminal and in a pipe."""

import io
import math
from types import SimpleNamespace

import pytest
from rich.console import Console

from cnnbench.plugin.executor import EpochEnded, Outcome, TrialEnded, TrialsAdded, TrialStarted
from cnnbench.report.live import LiveView, PlainView, Progress, QuietView, choose_view, duration
from cnnbench.report.standings import Standings
from cnnbench.results.record import Costs, Epoch, Status
from cnnbench.testing.example import example_record, example_trial


def trial(number, variant="dropout", epochs=4):
    return example_trial(
        id=f"{number:016x}",
        backend="torch",
        variant=variant,
        replicate=number,
        configuration={"data": {"source": "mnist5k"}, "training": {"epochs": epochs}},
    )


def epoch(number):
    values = {"loss": 1.0, "penalty": 0.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.875}
    return Epoch(epoch=number, learning_rate=0.1, seconds=0.1, **values)


def outcome(of, status=Status.OK, reason=""):
    metrics = {"test": {"accuracy": 0.9125}} if status is Status.OK else {}
    costs = Costs(total=3.25)
    return Outcome(example_record(of, status=status, reason=reason, metrics=metrics, costs=costs))


def console(*, terminal, width=100):
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, no_color=True)


@pytest.mark.parametrize(
    ("terminal", "quiet", "view"),
    [(True, False, LiveView), (False, False, PlainView), (True, True, QuietView)],
)
def test_the_view_fits_where_it_is_shown(terminal, quiet, view):
    assert type(choose_view(console(terminal=terminal), [trial(0)], quiet=quiet)) is view


@pytest.mark.parametrize(("terminal", "due"), [(True, []), (False, [trial(0)])])
def test_standings_that_nobody_sees_are_not_found_out(terminal, due):
    def standings():
        raise AssertionError("asked for")

    choose_view(console(terminal=terminal), due, quiet=False, standings=standings)


def test_a_live_view_begins_with_where_variants_stand():
    found = Standings("plain", [outcome(trial(0)).record])
    view = choose_view(console(terminal=True), [trial(1)], quiet=False, standings=lambda: found)
    assert view._standings is found


def test_a_finished_study_shows_nothing():
    assert type(choose_view(console(terminal=True), [], quiet=False)) is QuietView


def test_in_a_pipe_each_trial_is_a_line():
    trials = [trial(0), trial(1)]
    out = console(terminal=False)
    with PlainView(out, Progress(trials)) as view:
        for one in trials:
            view.hear(TrialStarted(one, 0))
            view.hear(TrialEnded(one, 0, outcome(one)))
    lines = out.file.getvalue().splitlines()
    assert lines[0].startswith("[1/2] dropout, replicate 1 (torch): test accuracy 91.2% in 3.2 s")
    assert lines[1] == "[2/2] dropout, replicate 2 (torch): test accuracy 91.2% in 3.2 s"


def test_a_terminal_that_cant_redraw_gets_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert type(choose_view(console(terminal=True), [trial(0)], quiet=False)) is PlainView


def test_quiet_shows_failures_on_standard_error_alone(capsys):
    with QuietView() as view:
        view.hear(TrialStarted(trial(0), 0))
        view.hear(TrialEnded(trial(0), 0, outcome(trial(0))))
        view.hear(TrialEnded(trial(1), 0, outcome(trial(1), Status.FAILED, "fell [over]")))
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors == "dropout, replicate 2 (torch): failed: fell [over]\n"


def test_trials_that_are_added_count_from_then_on():
    first, second = trial(0), trial(1)
    progress = Progress([first])
    progress.hear(TrialEnded(first, 0, outcome(first)))
    assert (progress.total, progress.fraction) == (1, 1.0)
    progress.hear(TrialsAdded((second,)))
    assert (progress.ended, progress.total, progress.fraction) == (1, 2, 0.5)


def test_no_time_left_is_not_worth_saying(monkeypatch):
    trials = [trial(0, epochs=1), trial(1, epochs=1)]
    out = console(terminal=False)
    with PlainView(out, Progress(trials)) as view:
        view.hear(TrialStarted(trials[0], 0))
        view.hear(TrialEnded(trials[0], 0, outcome(trials[0])))  # after no time at all
    assert "left" not in out.file.getvalue()


@pytest.mark.parametrize(
    ("budget", "said"), [(math.inf, ", about 45 s left"), (20.0, ", about 20 s left"), (-5.0, "")]
)
def test_no_more_time_is_left_than_the_budget_has(monkeypatch, budget, said):
    now = [100.0]
    monkeypatch.setattr("cnnbench.report.live.time", SimpleNamespace(monotonic=lambda: now[0]))
    trials = [trial(number, epochs=1) for number in range(4)]
    out = console(terminal=False)
    plain = PlainView(out, Progress(trials, lambda: budget))
    live = LiveView(console(terminal=True), Progress(trials, lambda: budget))
    for view in (plain, live):
        view.hear(TrialStarted(trials[0], 0))
    now[0] += 15.0  # seconds for a quarter of all
    for view in (plain, live):
        view.hear(TrialEnded(trials[0], 0, outcome(trials[0])))
    assert out.file.getvalue().rstrip().endswith(f" s{said}")
    assert (said.removeprefix(", about ") or "ending") in rendered(live)


def rendered(view, width=100):
    out = console(terminal=True, width=width)
    out.print(view._render())
    return out.file.getvalue()


def test_each_worker_takes_one_line_however_long_its_names_are():
    name = "a-variant-with-a-really-long-name-as-a-matrix-would-make"
    trials = [trial(number, name, epochs=120) for number in range(2)]
    view = LiveView(console(terminal=True), Progress(trials))
    for slot, one in enumerate(trials):
        view.hear(TrialStarted(one, slot))
        view.hear(EpochEnded(one, slot, epoch(100)))
    lines = rendered(view, width=80).splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("worker 1  a-variant-with-a-really")
    assert "…  replicate 1  epoch 100/120  validation 87.5%" in lines[1]


def test_workers_are_not_said_to_start_once_they_train():
    view = LiveView(console(terminal=True), Progress([trial(0)]))
    assert "starting workers" in rendered(view)
    view.hear(TrialStarted(trial(0), 0))
    assert "starting workers" not in rendered(view)


def test_a_failure_is_shown_with_its_reason():
    out = console(terminal=False)
    with PlainView(out, Progress([trial(0)])) as view:
        view.hear(TrialEnded(trial(0), 0, outcome(trial(0), Status.TIMEOUT, "took [long]")))
    assert "timeout: took [long]" in out.file.getvalue()


def test_on_a_terminal_every_worker_shows_its_variant_epoch_and_validation_accuracy():
    trials = [trial(0), trial(1, "l2"), trial(2)]
    out = console(terminal=True)
    with LiveView(out, Progress(trials)) as view:
        view.hear(TrialStarted(trials[0], 0))
        view.hear(TrialStarted(trials[1], 1))
        view.hear(EpochEnded(trials[1], 1, epoch(3)))
        view.hear(TrialEnded(trials[0], 0, outcome(trials[0])))
        out.file.truncate(0)
        out.print(view._render())
    text = out.file.getvalue()
    assert "1 of 3 trials" in text
    assert "l2    replicate 2  epoch 3/4" in text
    assert "validation 87.5%" in text
    assert "idle" in text


def test_a_slot_whose_next_trial_has_started_is_not_shown_as_idle():
    # An executor hands out the next trial before the last one's outcome is stored.
    trials = [trial(0), trial(1)]
    out = console(terminal=True)
    with LiveView(out, Progress(trials)) as view:
        view.hear(TrialStarted(trials[0], 0))
        view.hear(TrialStarted(trials[1], 0))
        view.hear(TrialEnded(trials[0], 0, outcome(trials[0])))
        out.file.truncate(0)
        out.print(view._render())
    assert "idle" not in out.file.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.6, "4 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")]
)
def test_durations_read_well(seconds, text):
    assert duration(seconds) == text


def test_a_live_view_shows_where_variants_stand_so_far():
    trials = [trial(0, "plain"), trial(0, "l2")]
    view = LiveView(console(terminal=True), Progress(trials), Standings("plain"))
    assert "so far" not in rendered(view)
    for slot, one in enumerate(trials):
        view.hear(TrialStarted(one, slot))
        view.hear(TrialEnded(one, slot, outcome(one)))
    assert "test accuracy so far" in rendered(view)
    assert "l2     n 1  91.2%  +0.0 points" in rendered(view)
