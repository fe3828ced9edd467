"""docs/tutorial.md reads a recipe that is there, and shows what the program says and draws."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnbench.cli.app import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEXT = (DOCS / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
SHOWN = [
    (before[1].removeprefix("$ ").strip(), text)
    for before, (kind, text) in pairwise(BLOCKS)
    if kind == "text"
]
REFERENCE = ROOT / "results" / "reference" / "small_data" / "torch"


def test_every_part_of_the_recipe_stands_in_it_in_this_order():
    recipe = (ROOT / "recipes" / "small_data.toml").read_text(encoding="utf-8")
    places = [recipe.find(text) for kind, text in BLOCKS if kind == "toml"]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize(("line", "text"), SHOWN)
def test_what_a_command_prints_is_what_is_shown(line, text, monkeypatch):
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    lines = [x.rstrip() for x in text.splitlines()]
    assert lines == [x.rstrip() for x in done.stdout.splitlines()[: len(lines)]]


def test_two_commands_were_found():
    assert [line.split()[1] for line, _ in SHOWN] == ["describe", "compare"]


@pytest.mark.slow
def test_its_pictures_are_those_of_the_reference_records(tmp_path):
    command = ["report", str(REFERENCE), "--pictures", str(tmp_path)]
    assert CliRunner().invoke(app, command).exit_code == 0
    kept = list((DOCS / "pictures" / "small_data").iterdir())
    assert kept
    for picture in kept:
        assert picture.read_bytes() == (tmp_path / picture.name).read_bytes(), (
            f"draw {picture.name} anew: cnnbench report {REFERENCE} --pictures {picture.parent}"
        )
