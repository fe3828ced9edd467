"""Messages lead to pages that there are, by an address, as who installed a wheel has no docs/."""

from __future__ import annotations

import re
from pathlib import Path

from cnnbench.errors import page

ROOT = Path(__file__).parents[2]
CODE = [path.read_text(encoding="utf-8") for path in (ROOT / "cnnbench").rglob("*.py")]


def test_a_page_that_a_message_names_is_there():
    named = {name for text in CODE for name in re.findall(r"page\(['\"]([^'\"]+)['\"]\)", text)}
    assert "plugins.md" in named
    assert [name for name in named if not (ROOT / "docs" / name).is_file()] == []


def test_the_address_is_that_of_the_repository():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (homepage,) = re.findall(r'^Homepage = "(.*)"$', project, re.MULTILINE)
    assert page("plugins.md") == f"{homepage}/blob/main/docs/plugins.md"
