"""What plugins are told of a run that is over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cnnbench.errors import ResultsError
from cnnbench.planning.prepare import Prepared
from cnnbench.plugin.run_ended import RunEnded

if TYPE_CHECKING:
    from cnnbench.comparison.rows import Cell


def ended_runs(prepared: Prepared) -> Iterator[RunEnded]:
    """One for each backend."""
    for study in prepared.studies:
        yield _ended(prepared.recipe.name, study.backend, study.store.folder)


def _ended(recipe: str, backend: str, folder: Path) -> RunEnded:
    def rows() -> list[dict[str, Cell]]:
        from cnnbench.comparison.compare import compare_records
        from cnnbench.comparison.rows import flat_rows

        try:
            return list(flat_rows(compare_records([folder])))
        except ResultsError:  # nothing ended well
            return []

    @cache
    def page() -> str:
        from cnnbench.report.page.document import report_html

        return report_html([folder])

    return RunEnded(recipe, backend, folder, rows, page)
