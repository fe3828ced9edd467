"""docs/plugin-interface.md and docs/python.md name all that is promised, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cnnbench
import cnnbench.plot
import cnnbench.plugin
import cnnbench.testing

DOCS = Path(__file__).parents[2] / "docs"


def directives(page, module):
    """The names of a module that a page takes from docstrings."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^::: {re.escape(module.__name__)}\.(\w+)$", text, re.MULTILINE)


@pytest.mark.parametrize("module", [cnnbench.plugin, cnnbench.testing])
def test_every_name_for_plugins_stands_on_the_page_once(module):
    named = [name for name in directives("plugin-interface.md", module) if name != "hooks"]
    assert sorted(named) == sorted(set(module.__all__) - {"hookimpl"})


def test_every_name_for_users_stands_on_the_page_once():
    named = [name for name in directives("python.md", cnnbench) if name != "plot"]
    assert sorted(named) == sorted(set(cnnbench.__all__) - {"__version__"})
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    plot = text.partition("\n::: cnnbench.plot\n")[2]
    members = re.findall(r"members: \[(.*)\]", plot)[0]
    assert sorted(members.split(", ")) == sorted(cnnbench.plot.__all__)
