"""A comparison that shows itself in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from cnnbench.report.chapters import Chapter, NothingToDrawError
from cnnbench.report.console import comparison_text
from cnnbench.report.page.answer import answer
from cnnbench.report.page.tables import table_of
from cnnbench.report.pictures.forest import forest
from cnnbench.report.pictures.palette import DAY
from cnnbench.report.printable import printable
from cnnbench.report.sentences import explanation_of


@dataclass(frozen=True, slots=True)
class Shown:
    """The answer, the differences, the table and the notes of a chapter."""

    chapter: Chapter

    def __repr__(self) -> str:
        return comparison_text(self.chapter.comparison)

    def _repr_html_(self) -> str:
        """On white paper, as notebooks know nothing of the page's colours."""
        chapter = self.chapter
        try:
            picture = forest(chapter)._repr_svg_()
        except NothingToDrawError as error:
            picture = f"<p>{_text(str(error))}</p>"
        table = table_of(chapter.comparison, chapter.table)
        heads = "".join(f"<th>{_text(column.head)}</th>" for column in table.columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{_text(cell.text)}</td>' for cell in row)}</tr>"
            for row in table.rows
        )
        notes = "".join(f"<li>{_text(note)}</li>" for note in chapter.table.notes)
        return (
            f'<div style="background:{DAY["paper"]};color:{DAY["ink"]};padding:1em">'
            f"<p><b>{_text(answer(chapter))}</b></p>{picture}"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>{_text(explanation_of(chapter.comparison, chapter.table))}</p>"
            f"<ul>{notes}</ul></div>"
        )


def _text(text: str) -> str:
    return escape(printable(text))
