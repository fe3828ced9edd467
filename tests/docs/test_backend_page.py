"""docs/writing-a-backend.md works: its files are written and its commands run, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-backend.md"
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block with the lines that are shown as its output."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, [line for line in shown if line.strip()]


def check_shown(shown: list[str], output: str) -> None:
    """Every line that the page shows stands in the output, in order; ... stands for anything."""
    text = " ".join(output.split())
    place = 0
    for line in shown:
        parts = (re.escape(" ".join(part.split())) for part in line.split("..."))
        match = re.compile(".*?".join(parts)).search(text, place)
        assert match, f"{line!r} is not in (the rest of):\n{output}"
        place = match.end()


@pytest.mark.skipif(find_spec("jax") is None, reason="the page's example is written in JAX")
@pytest.mark.timeout(1200)
@pytest.mark.long
def test_following_the_page_gives_a_backend_that_passes_the_suite(workshop):
    steps = FENCE.findall(PAGE.read_text(encoding="utf-8"))
    assert {kind for kind, _, _ in steps} == {"console", "python", "toml"}
    for kind, title, content in steps:
        if kind != "console":
            assert title, f"the block does not say which file it is:\n{content}"
            (workshop.folder / title).write_text(content, encoding="utf-8")
            continue
        for command, shown in commands(content):
            done = workshop.start(command, timeout=900)
            output = done.stdout + done.stderr
            fails = any("failed" in line for line in shown)
            assert (done.returncode != 0) == fails, f"{command}\n{output}"
            check_shown(shown, output)
    workshop.run("ruff check --isolated --select E,F,I,B,UP,SIM,RUF,N cnnbench-sketch")
    workshop.run("ruff format --isolated --check cnnbench-sketch")
