"""What `cnnbench run` tells a plugin that keeps track of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cnnbench.cli import _said
from cnnbench.cli.app import app
from cnnbench.loading.plugins import PluginWarning

pytestmark = pytest.mark.slow

TRACKER = """
import json
from pathlib import Path

from cnnbench.plugin import hookimpl

CNNBENCH_INTERFACE = "1.1"


def note(*values):
    with Path({file!r}).open("a") as file:
        print(json.dumps(values), file=file)


@hookimpl
def cnnbench_trial_ended(trial, record):
    note("trial", trial.variant)


@hookimpl
def cnnbench_run_ended(run):
    {fault}
    rows = [row["variant"] for row in run.rows()]
    note("run", run.recipe, run.backend, run.folder.name, rows, run.page().startswith("<!"))
"""


@pytest.fixture
def tracked(scripted_as, scripted_path, tmp_path, monkeypatch):
    """Install a tracker; the file that it writes."""

    def install(fault="pass"):
        file = tmp_path / "told.jsonl"
        module = tmp_path / "tracking.py"
        module.write_text(TRACKER.format(file=str(file), fault=fault))
        monkeypatch.syspath_prepend(str(scripted_as("tracking", module)))
        return file

    yield install
    sys.modules.pop("cnnbench_tracking", None)


def study(path, results):
    where = ["--backend", "scripted", "--executor", "inline", "-o", str(results)]
    return CliRunner().invoke(app, ["run", str(path), *where])


def test_a_tracker_hears_of_the_end_of_a_run_that_trained(tracked, recipe, tmp_path):
    file = tracked()
    assert study(recipe(), tmp_path / "results").exit_code == 0
    *trials, run = [json.loads(line) for line in file.read_text().splitlines()]
    assert trials == [["trial", name] for name in ("good", "other") * 2]
    assert run == ["run", "tiny", "scripted", "scripted", ["good", "other"], True]
    assert study(recipe(), tmp_path / "results").exit_code == 0  # nothing is left to train
    assert len(file.read_text().splitlines()) == 5


def test_a_tracker_that_fails_at_the_end_leaves_the_answer_standing(tracked, recipe, tmp_path):
    tracked("raise ValueError('no server')")
    with pytest.warns(PluginWarning, match="its cnnbench_run_ended failed: ValueError: no server"):
        done = study(recipe(), tmp_path / "results")
    assert done.exit_code == 0
    assert "tiny on scripted" in done.output


def test_what_makes_pages_is_loaded_by_who_wants_one():
    code = (
        "import cnnbench.report.ended, sys;"
        "print([x for x in ('cnnbench.report.page', 'jinja2', 'matplotlib') if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_warnings_of_cnnbench_are_sentences_and_others_as_they_were(capsys):
    shown = []
    show = _said(lambda *values: shown.append(values))
    show(PluginWarning("it is switched off"), PluginWarning, "file.py", 3)
    assert capsys.readouterr().err == "note: it is switched off\n"
    show(UserWarning("old"), UserWarning, "file.py", 3)
    assert [values[1] for values in shown] == [UserWarning]
