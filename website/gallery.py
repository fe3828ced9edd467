"""The gallery: a report of each study of results/reference, made while the site is built."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path

from borrowed import ROOT
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from cnnbench.report.chapters import Chapter, read_book
from cnnbench.report.page.document import report_html
from cnnbench.report.pictures.canvas import WIDTHS
from cnnbench.report.pictures.forest import forest
from cnnbench.report.sentences import answer_of

REFERENCE = ROOT / "results" / "reference"
PAGE = "gallery.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reports and their pictures to the files of docs/."""
    for recipe in _recipes():
        html = report_html([recipe])
        files.append(File.generated(config, f"gallery/{recipe.name}.html", content=html))
        picture = forest(_pictured(recipe))
        for width in WIDTHS:
            name = f"gallery/{recipe.name}-{width}.svg"
            files.append(File.generated(config, name, content=picture.content("svg", width)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Put the studies below the text of their page."""
    if page.file.src_uri != PAGE:
        return markdown
    return markdown + "".join(part for recipe in _recipes() for part in _section(recipe))


@cache
def _chapters(recipe: Path) -> tuple[Chapter, ...]:
    return read_book([recipe]).chapters


def _recipes() -> list[Path]:
    """The folder of each study that has records."""
    return sorted({path.parents[1] for path in REFERENCE.glob("*/*/records.jsonl")})


def _section(recipe: Path) -> Iterator[str]:
    chapters = _chapters(recipe)
    chapter = _pictured(recipe)
    yield f"\n## {chapter.table.title or recipe.name}\n\n"
    for each in chapters:
        backends = " and ".join(f"`{name}`" for name in each.table.backends)
        yield f"On {backends}: {answer_of(each.comparison, each.table)}\n\n"
    alt = escape(forest(chapter).alt, quote=True)
    yield f'<a href="gallery/{recipe.name}.html"><picture>\n'
    yield f'<source media="(max-width: 600px)" srcset="gallery/{recipe.name}-single.svg">\n'
    yield f'<img src="gallery/{recipe.name}-double.svg" alt="{alt}">\n</picture></a>\n\n'
    yield f"(on {' and '.join(chapter.table.backends)}) " if len(chapters) > 1 else ""
    yield f"[The whole report](gallery/{recipe.name}.html), "
    yield f"[the recipe](../recipes/{recipe.name}.toml)\n\n"
    yield f"```console\n$ cnnbench report results/reference/{recipe.name}\n```\n"


def _pictured(recipe: Path) -> Chapter:
    """That of PyTorch where there are several, as in the README and the tutorial."""
    chapters = _chapters(recipe)
    return next((x for x in chapters if x.table.backends == ("torch",)), chapters[0])
