"""What plugins are told once a run is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A study on one backend, after a run that trained some of it and was not interrupted.

        @hookimpl
        def cnnbench_run_ended(run):
            tracker.keep(run.recipe, run.rows(), run.page())

    recipe: its name. folder: of the records. rows: makes the comparison of all that is recorded,
    one row a variant, with equal columns, as `cnnbench compare --format csv` has them; empty where
    nothing can be compared. page: makes the report as one HTML file. Both take seconds, and may be
    called in another thread.
    """

    recipe: str
    backend: str
    folder: Path
    rows: Callable[[], list[dict[str, str | int | float | bool | None]]]
    page: Callable[[], str]
