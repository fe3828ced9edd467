"""What counts of several results folders, and which of them a table comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cnnbench.comparison.select import Selection, select, sparing
from cnnbench.results.read import ResultSet


def selected(results: ResultSet) -> list[Selection]:
    """What counts of all studies; few predictions will be read of them, and each once."""
    found = with_places([x for study in results.studies for x in select(study)])
    return sparing(found, results.image_spreads)


def with_places(selections: Sequence[Selection]) -> list[Selection]:
    """The same, each with the shortest name of its results folder if they come from several."""
    folders = [_results_folder(selection) for selection in selections]
    if len(set(folders)) < 2:  # noqa: PLR2004 - one folder needs no name
        return list(selections)
    shared = _shared_parts(folders)
    return [
        replace(selection, place=str(Path(*folder.parts[shared:])))
        for selection, folder in zip(selections, folders, strict=True)
    ]


def _results_folder(selection: Selection) -> Path:
    """RESULTS of RESULTS/RECIPE/BACKEND; records that stand elsewhere have their own place only."""
    folder = Path(selection.folder)
    if folder.parts[-2:] == (selection.recipe, selection.backend):
        return folder.parent.parent
    return folder


def _shared_parts(folders: Sequence[Path]) -> int:
    """How many parts all the paths begin with, short of a whole path."""
    shared = 0
    for parts in zip(*(folder.parts[:-1] for folder in folders), strict=False):
        if len(set(parts)) > 1:
            break
        shared += 1
    return shared
