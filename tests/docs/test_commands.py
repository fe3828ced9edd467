"""The documentation shows commands that there are, with options that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from cnnbench.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += sorted(ROOT.glob("plugins/*/README.md"))
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?:\$ )?(?=cnnbench )((?:.*\\\n)*.*)", re.MULTILINE)


def commands():
    """Each `cnnbench ...` line of a block that shows what to type, once for all pages."""
    for page in PAGES:
        for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            for line in COMMAND.findall(block if kind in {"", "console"} else ""):
                yield line.replace("\\\n", " ").split(" > ")[0].strip()


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_a_command_that_is_shown_can_be_given(line):
    command = typer.main.get_command(app)
    _, *words = shlex.split(line, comments=True)
    context = typer.Context(command, info_name="cnnbench")
    if words[0].startswith("-"):
        words = [*words, "recipes"]
        context = command.make_context("cnnbench", words)
        return
    while hasattr(command, "commands"):
        name, command, words = command.resolve_command(context, words)
        context = typer.Context(command, info_name=name, parent=context)
    command.make_context(name, words)  # raises where an option or an argument is wrong


def test_commands_were_found():
    assert len(set(commands())) > 50
