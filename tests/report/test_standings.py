"""Where variants stand while a run runs."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from cnnbench.report.standings import Standings
from cnnbench.results.record import Record, Status


def record(variant, accuracy, replicate=0, **changes):
    values = {"trial": "0" * 16, "recipe": "r", "backend": "torch", "status": Status.OK}
    metrics = {"test": {"accuracy": accuracy}}
    given = {"variant": variant, "replicate": replicate, "metrics": metrics}
    return Record(**(values | given | changes))


def lines(standings, width=60):
    console = Console(file=io.StringIO(), width=width)
    console.print(standings.table())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_baseline_leads_and_differences_are_over_the_pairs_there_are():
    standings = Standings("plain", [record("dropout", 0.75), record("plain", 0.5)])
    standings.hear(record("plain", 0.7, 1))
    standings.hear(record("dropout", 0.8, 2))  # has no partner, so counts for the mean alone
    assert lines(standings) == [
        "plain    n 2  60.0%      baseline",
        "dropout  n 2  77.5%  +25.0 points",
    ]


def test_a_variant_without_a_pair_has_no_difference():
    standings = Standings("plain", [record("plain", 0.5), record("dropout", 0.75, 1)])
    assert lines(standings)[1] == "dropout  n 1  75.0%"


@pytest.mark.parametrize(
    "changes",
    [{"member": "member 1"}, {"status": Status.FAILED, "reason": "died", "metrics": {}}],
    ids=["member", "failed"],
)
def test_members_and_failures_do_not_stand_for_a_variant(changes):
    standings = Standings("plain", [record("plain", 0.5), record("dropout", 0.75)])
    standings.hear(record("dropout", 1.0, 1, **changes))
    assert lines(standings)[1] == "dropout  n 1  75.0%  +25.0 points"


def test_a_trial_that_is_run_again_counts_once():
    standings = Standings("plain", [record("plain", 0.5), record("dropout", 0.75)])
    standings.hear(record("dropout", 0.5))
    assert lines(standings)[1] == "dropout  n 1  50.0%  +0.0 points"


def test_backends_stand_apart():
    known = [
        record("plain", 0.5, backend="torch"),
        record("dropout", 0.9, backend="jax"),
        record("plain", 0.8, backend="jax"),
        record("l2", 0.6, backend="torch"),
    ]
    assert lines(Standings("plain", known)) == [
        "plain    torch  n 1  50.0%      baseline",
        "l2       torch  n 1  60.0%  +10.0 points",
        "plain      jax  n 1  80.0%      baseline",
        "dropout    jax  n 1  90.0%  +10.0 points",
    ]


def test_one_variant_alone_is_not_compared():
    assert Standings("plain", [record("plain", 0.5)]).table() is None


def test_a_name_too_long_or_with_codes_does_no_harm():
    names = ["plain", "[red]\x1b[31mlong" + "g" * 100]
    [_, line] = lines(Standings("plain", [record(name, 0.5) for name in names]))
    assert "\x1b" not in line
    assert line.startswith("[red]")
    assert line.endswith("+0.0 points")
