"""docs/report.md: its commands run, and its example in Python does."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnbench.cli.app import app

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line.removeprefix("$ cnnbench "), comments=True)
    for line in TEXT.splitlines()
    if line.startswith("$ cnnbench report")
]


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = ROOT / "results" / "reference"
    shutil.copytree(source / "small_data" / "torch", tmp_path / "results" / "small_data" / "torch")
    shutil.copytree(source / "environments", tmp_path / "results" / "environments")


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_of_the_page_runs(command):
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "wrote" in done.output


@pytest.mark.usefixtures("results")
def test_the_example_in_python_runs():
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    names = {}
    exec(code, names)  # noqa: S102 - our own page
    assert Path("curves.pdf").read_bytes().startswith(b"%PDF")
    assert names["figure"].axes
