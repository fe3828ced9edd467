"""Links that are right on a code host lead to the right place from the site, too.

There a link is relative to its file and may lead anywhere in the repository. On the site some of
these files are pages; the others are read where the source is.
"""

from __future__ import annotations

import re
from os.path import relpath
from pathlib import Path
from posixpath import dirname

from borrowed import PAGES, ROOT
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

SOURCE = "https://github.com/cnnbench/cnnbench/blob/main/"
FENCE = re.compile(r"(^ *```.*?^ *```)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()([^)\s:#]+)(#[^)\s]*)?(?=\))")
BORROWED = {place: page for page, place in PAGES.items()}


def on_page_markdown(markdown: str, page: Page, files: Files, **_: object) -> str:
    """Turn links that leave docs/, or stand in a page from outside, to what the site has of them.

    A link to nowhere stays as it is, for MkDocs to complain of.
    """
    own = Path(PAGES.get(page.file.src_uri, f"docs/{page.file.src_uri}"))

    def target(match: re.Match[str]) -> str:
        place = relpath(ROOT / own.parent / match[1], ROOT)
        anchor = match[2] or ""
        on_site = BORROWED.get(place) or place.removeprefix("docs/")
        if place in BORROWED or (place.startswith("docs/") and files.get_file_from_path(on_site)):
            return relpath(on_site, dirname(page.file.src_uri) or ".") + anchor
        return f"{SOURCE}{place}{anchor}" if (ROOT / place).exists() else match[0]

    parts = FENCE.split(markdown)
    parts[::2] = [LINK.sub(target, text) for text in parts[::2]]
    return "".join(parts)
