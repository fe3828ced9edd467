"""The site of the documentation builds without a warning and asks no other host for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from mkdocs.config import load_config

ROOT = Path(__file__).parents[2]
ELSEWHERE = re.compile(r"^(https?:)?//")
LOADED = {
    ("script", "src"),
    ("img", "src"),
    ("img", "srcset"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
    ("object", "data"),
    ("use", "href"),
}


def pages_of(nav):
    """The files that a navigation names, at any depth."""
    for item in nav:
        below = next(iter(item.values())) if isinstance(item, dict) else item
        yield from [below] if isinstance(below, str) else pages_of(below)


def test_every_page_stands_in_the_navigation():
    nav = set(pages_of(load_config(str(ROOT / "mkdocs.yml")).nav))
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    missing = sorted(pages - nav)
    assert not missing, (
        f"in no part of `nav` in mkdocs.yml: {', '.join(missing)}; add a line for each"
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    clean = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


class Requests(HTMLParser):
    """What a page makes a browser fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        fetched = [value for name, value in attrs if (tag, name) in LOADED]
        if tag == "link" and values.get("rel") not in {"canonical", "alternate", "prev", "next"}:
            fetched.append(values["href"])
        self.found += [value for value in fetched if value]


@pytest.mark.slow
def test_no_page_asks_another_host_for_anything(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(list((ROOT / "docs").rglob("*.md")))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        requests = Requests()
        requests.feed(text)
        assert [x for x in requests.found if ELSEWHERE.match(x)] == [], page
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", text), page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", sheet.read_text()), sheet


@pytest.mark.slow
def test_the_gallery_shows_every_reference_study(site):
    page = (site / "gallery.html").read_text(encoding="utf-8")
    studies = {path.parents[1].name for path in ROOT.glob("results/reference/*/*/records.jsonl")}
    for study in studies:
        assert f'href="gallery/{study}.html"' in page
        assert "<svg" in (site / "gallery" / f"{study}.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_reference_of_python_has_signatures_and_docstrings(site):
    page = (site / "python.html").read_text(encoding="utf-8")
    assert 'id="cnnbench.run"' in page
    assert "Run what is missing of a recipe" in page
    assert "overrides" in page
