"""What `cnnbench run` shows and how it ends, wherever its output goes."""

import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]


@pytest.fixture
def command(tmp_path):
    """The arguments that run a recipe on the scripted backend into an empty folder."""

    def command(path, *options):
        program = [sys.executable, "-m", "cnnbench", "run", str(path), "--backend", "scripted"]
        return [*program, "--results", str(tmp_path / "results"), *options]

    return command


def ended(command, **environment):
    variables = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)


def test_quiet_prints_what_failed_and_nothing_else(command, recipe, besides_waiting):
    done = ended(command(recipe(7.0), "--quiet"))
    assert done.returncode == 1
    assert done.stdout == ""
    failures = sorted(besides_waiting(done.stderr).splitlines())
    assert len(failures) == 2
    assert failures[0].startswith("other, replicate 1 (scripted): failed: RuntimeError: the kernel")


def test_a_reader_that_goes_away_costs_no_trial(command, recipe, tmp_path, besides_waiting):
    process = subprocess.Popen(
        command(recipe(), "--jobs", "1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    process.stdout.close()  # as `head -1` does
    errors = process.stderr.read()
    assert process.wait() == 0, errors
    assert besides_waiting(errors) == "Nobody reads the output any more; the trials go on.\n"
    records = tmp_path / "results" / "tiny" / "scripted" / "records.jsonl"
    assert len(records.read_text().splitlines()) == 4


def test_a_terminal_that_knows_ascii_alone_is_enough(command, recipe):
    path = recipe()
    path.write_text(path.read_text().replace("A tiny study", "A tiny étude"))
    # FORCE_COLOR makes a terminal of a pipe, so that the spinner turns.
    done = ended(command(path), PYTHONIOENCODING="ascii", FORCE_COLOR="1", TERM="xterm")
    assert done.returncode == 0, done.stderr
    assert "A tiny ?tude" in done.stdout
    assert "reading the recipe" in done.stdout


@pytest.mark.parametrize("options", [["--dry-run"], []])
def test_markup_in_names_is_shown_and_not_obeyed(command, recipe, options):
    path = recipe()
    text = path.read_text().replace("A tiny study", "a [/bold] b")
    path.write_text(text.replace('name = "other"', 'name = "[red]x[/y]"'))
    done = ended(command(path, *options), COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "a [/bold] b" in done.stdout
    assert "[red]x[/y]" in done.stdout


def test_a_dry_run_says_what_runs_in_any_case_and_what_may_follow(command, recipe):
    path = recipe()
    path.write_text(path.read_text().replace("replicates = 2", "replicates = { to = 12 }"))
    done = ended(command(path, "--dry-run"), COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "2 variants x 5 to 12 replicates on scripted: 24 trials at most, 0 rec" in done.stdout
    assert "0 recorded, 10 to 24 to run" in done.stdout
    assert "dry run: nothing was trained; 10 to 24 trials would run" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith(("good", "other"))]
    assert rows == [[name, "scripted", "12", "0", "5", "to", "12"] for name in ("good", "other")]
