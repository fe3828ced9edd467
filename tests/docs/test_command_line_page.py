"""docs/command-line.md says what `--help` says.

To write its commands anew: CNNBENCH_UPDATE=1 pytest tests/docs/test_command_line_page.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import typer

from cnnbench.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
PART = re.compile(r"(?<=<!-- begin commands -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def cell(text: str) -> str:
    """Text in a table, where bars would end the cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def rows(command, context) -> Iterator[str]:
    """A line for each argument and option but --help."""
    for parameter in command.get_params(context):
        if parameter.name != "help" and (record := parameter.get_help_record(context)):
            name, meaning = record
            shown = " ".join(name.replace("|", ", ").split())  # bars would end the cell
            yield f"| `{shown}` | {cell(meaning)} |\n"


def described(command, path: str) -> Iterator[str]:
    """A command, or the commands below it."""
    context = typer.Context(command, info_name=path)
    below = getattr(command, "commands", {})
    for name, child in below.items():
        yield from described(child, f"{path} {name}")
    if not below:
        usage = " ".join(command.collect_usage_pieces(context))
        help_text = re.sub(r"(?<!\n)\n(?!\n)", " ", cleandoc(command.help or ""))
        yield f"\n## {path}\n\n```text\n{path} {usage}\n```\n\n{help_text}\n"
        found = "".join(rows(command, context))
        yield f"\n| argument or option | meaning |\n|---|---|\n{found}" if found else ""


def test_the_page_is_that_of_the_program():
    text = PAGE.read_text(encoding="utf-8")
    made = PART.sub(
        lambda _: "".join(described(typer.main.get_command(app), "cnnbench")) + "\n", text
    )
    if os.environ.get("CNNBENCH_UPDATE"):
        PAGE.write_text(made, encoding="utf-8")
    assert PART.search(text)
    assert made == text, (
        "write it anew: CNNBENCH_UPDATE=1 pytest tests/docs/test_command_line_page.py"
    )
