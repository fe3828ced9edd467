"""The whole page as text."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from cnnbench.comparison.values import Comparison, Ranks, Table
from cnnbench.report.chapters import Book, Chapter, only_variant, read_book
from cnnbench.report.page.answer import answer, answer_across
from cnnbench.report.page.images import DataSummary, summary_of
from cnnbench.report.page.methods import command, machines, methods
from cnnbench.report.page.sections import (
    PageSection,
    detail_sections,
    forest_section,
    ranks_section,
)
from cnnbench.report.page.settings import Settings, settings_of
from cnnbench.report.page.tables import HtmlTable, html_table, table_of
from cnnbench.report.pictures.palette import DAY, NIGHT
from cnnbench.report.printable import printable
from cnnbench.report.ranks import ranks_answer, ranks_columns, ranks_explanation, ranks_title
from cnnbench.report.sentences import explanation_of, finds_of

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_BYTES = 1_500_000
"""What fits into a mail; whoever opens a page from a folder waits for nothing."""
MADE_BY = '<meta name="generator" content="cnnbench'
"""Stands in the head of every page, so that a page is known from other files."""


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter, ready to be put into the page."""

    anchor: str
    name: str
    title: str
    description: str
    answer: str
    finds: str
    forest: PageSection
    table: HtmlTable
    explanation: str
    details: tuple[PageSection, ...]
    images: DataSummary
    methods: str
    command: str
    overrides: tuple[str, ...]
    settings: Settings
    machines: list[list[tuple[str, str]]]
    notes: tuple[str, ...]
    folders: tuple[str, ...]


def report_html(
    paths: Sequence[Path],
    *,
    baseline: str | None = None,
    metric: str = "accuracy",
    split: str = "test",
    variant: str | None = None,
) -> str:
    """The report on what is recorded at or below the paths, the same bytes each time.

    variant: which one to lay beside the baseline in the details, by default the best. Raises as
    `cnnbench.comparison.compare.compare_records` does.
    """
    book = read_book(paths, baseline=baseline, metric=metric, split=split)
    only_variant(book.chapters, variant)
    return _fitting(book, [_part(*each, variant) for each in enumerate(book.chapters, start=1)])


@dataclass(frozen=True, slots=True)
class Across:
    """One recipe on several backends."""

    name: str
    answer: str
    table: HtmlTable
    explanation: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankedPart:
    """Variants over several data sets."""

    title: str
    answer: str
    section: PageSection
    table: HtmlTable
    explanation: str
    notes: tuple[str, ...]


def page(book: Book, parts: Sequence[Part]) -> str:
    """Fill the template."""
    script = _text("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    first = parts[0]
    return (
        _templates()
        .get_template("page.html")
        .render(
            title=first.title or first.name if len(parts) == 1 else "Comparisons",
            parts=parts,
            level=_level(parts),
            across=[_across(comparison, table) for comparison, table in book.across],
            ranked=[
                _ranked(book.comparison, ranks, f"r{number}-")
                for number, ranks in enumerate(book.comparison.ranks, start=1)
            ],
            notes=book.comparison.notes,
            version=version("cnnbench"),
            style=Markup(_colours() + _text("page.css")),  # noqa: S704 - files of ours
            script=Markup(script),  # noqa: S704
            digest=digest,
        )
    )


def _fitting(book: Book, parts: Sequence[Part]) -> str:
    """The page with as many details as it has room for, those of the first parts first.

    Answers, differences and tables always stand there; what they leave is known once they do.
    """
    bare = [
        replace(part, details=tuple(_without(section, part) for section in part.details))
        for part in parts
    ]
    left = MOST_BYTES - len(page(book, bare).encode())
    drawn = _templates().get_template("section.html").module.drawn  # type: ignore[attr-defined]
    level = _level(parts)
    whole = []
    for part, short in zip(parts, bare, strict=True):
        details = []
        for section, without in zip(part.details, short.details, strict=True):
            more = len(drawn(section, level).encode()) - len(drawn(without, level).encode())
            details.append(section if more <= left else without)
            left -= more if more <= left else 0
        whole.append(replace(part, details=tuple(details)))
    return page(book, whole)


def _part(number: int, chapter: Chapter, variant: str | None) -> Part:
    anchor = f"c{number}"
    table = chapter.table
    wanted = variant if any(x.row.variant == variant for x in chapter.others) else None
    return Part(
        anchor=anchor,
        name=chapter.name,
        title=table.title,
        description=chapter.plan.description.strip() if chapter.plan else "",
        answer=answer(chapter),
        finds=finds_of(chapter.comparison, table),
        forest=forest_section(chapter, f"{anchor}-"),
        table=table_of(chapter.comparison, table),
        explanation=explanation_of(chapter.comparison, table),
        details=tuple(detail_sections(chapter, wanted, f"{anchor}-")),
        images=summary_of(chapter),
        methods=methods(chapter),
        command=command(chapter),
        overrides=chapter.plan.overrides if chapter.plan else (),
        settings=settings_of(chapter),
        machines=machines(chapter),
        notes=table.notes,
        folders=table.folders,
    )


def _across(comparison: Comparison, table: Table) -> Across:
    return Across(
        table.recipe,
        answer_across(comparison, table),
        table_of(comparison, table),
        explanation_of(comparison, table),
        table.notes,
    )


def _ranked(comparison: Comparison, ranks: Ranks, prefix: str) -> RankedPart:
    columns = ranks_columns(comparison, ranks)
    return RankedPart(
        ranks_title(ranks),
        ranks_answer(ranks),
        ranks_section(comparison, ranks, prefix),
        html_table(columns, (False,) * len(ranks.means)),
        ranks_explanation(comparison, ranks),
        ranks.notes,
    )


def _without(section: PageSection, part: Part) -> PageSection:
    return replace(
        section,
        text="",
        pictures=(),
        galleries=(),
        missing=(
            "Left out, to keep the file of all comparisons small; a report of this one alone has "
            f"it: cnnbench report {shlex.join(part.folders)}"
        ),
    )


def _level(parts: Sequence[Part]) -> int:
    """Of the headings of sections: below the page's own, or below their part's."""
    return 2 if len(parts) == 1 else 3


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cnnbench.report.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _harmless(value: Any) -> Any:
    """Names come from files that anybody may have written; the template escapes the rest."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _colours() -> str:
    day = "".join(f"--{name}:{colour};" for name, colour in DAY.items())
    night = "".join(f"--{name}:{colour};" for name, colour in NIGHT.items())
    return f":root{{{day}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{night}}}}}\n"


def _text(name: str) -> str:
    return files("cnnbench.report.page").joinpath(name).read_text(encoding="utf-8")
