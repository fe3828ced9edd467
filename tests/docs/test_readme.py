"""What the README shows is what the program says, and its two commands do what they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnbench.cli.app import app
from cnnbench.comparison.compare import compare_records
from cnnbench.report.console import comparison_text

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_the_readme_is_that_of_the_reference_records():
    comparison = compare_records([ROOT / "results" / "reference" / "small_data" / "torch"])
    assert comparison.notes == ()
    assert comparison_text(comparison) in TEXT


def planned(target):
    """What make would run for a target, without running it."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_two_commands_are_there_and_run_what_the_readme_says(monkeypatch):
    assert re.findall(r"^make (\w+) ", TEXT, re.MULTILINE) == ["run", "test"]
    (study,) = re.findall(r"^\S*bin/cnnbench (run .*)$", planned("run"), re.MULTILINE)
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, [*study.split(), "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "210 trials at most" in done.output
    checks = planned("test")
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports", "pytest"):
        assert tool in checks


@pytest.mark.parametrize("place", sorted(set(re.findall(r"\]\(([^)#:]+)\)", TEXT))))
def test_a_link_leads_to_a_file(place):
    assert (ROOT / place).is_file()
