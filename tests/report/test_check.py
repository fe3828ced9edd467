"""The table of findings."""

from __future__ import annotations

from rich.console import Console

from cnnbench.report.check import collect_findings, print_findings, summarize_findings
from cnnbench.testing import CheckResult, Finding

WRONG = "expected 1 at [0, 1], got [bold]2[/bold]"
FINDINGS = (
    Finding("dense", "a property", CheckResult.PASSED, seconds=1.0),
    Finding("adam", "one step", CheckResult.FAILED, WRONG, seconds=2.0, traceback="Traceback!"),
    Finding(
        "dropout-rate", "the rate", CheckResult.UNSUPPORTED, "declared as missing", seconds=0.5
    ),
)


def printed(**options):
    console = Console(width=100, record=True, force_terminal=False)
    print_findings(console, FINDINGS, **options)
    return console.export_text()


def test_the_summary_counts_each_verdict():
    assert summarize_findings(FINDINGS) == "1 passed, 1 failed, 1 declared unsupported in 3.5 s"
    assert summarize_findings(FINDINGS[:1]) == "1 passed in 1.0 s"


def test_reasons_stand_as_they_are_brackets_included():
    assert WRONG in printed()
    assert "a property" in printed()


def test_tracebacks_are_shown_on_request_only():
    assert "Traceback!" not in printed()
    assert "adam:\nTraceback!" in printed(tracebacks=True)


def test_what_was_not_checked_at_all_is_said_below_the_counts():
    assert "Not checked" not in printed()
    lines = printed(unchecked=("the loss", "gradients")).splitlines()
    assert "1 declared unsupported" in lines[-2]
    assert lines[-1].startswith("Not checked at all: the loss, gradients. ")


def test_findings_are_collected_as_they_come():
    console = Console(width=100, record=True, force_terminal=False)
    assert collect_findings(console, iter(FINDINGS), 3) == FINDINGS
