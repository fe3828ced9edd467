"""What may be named as a baseline, read quickly from the plans alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnnbench.comparison.values import By
from cnnbench.errors import ResultsError
from cnnbench.results.layout import PLAN
from cnnbench.results.read import read_plan


def baseline_names(paths: Sequence[Path], by: By) -> tuple[str, ...]:
    """Variants, or backends, of the studies at or below the paths; damaged plans have none."""
    names: dict[str, None] = {}
    for path in paths:
        for file in _plan_files(path):
            try:
                plan = read_plan(file.parent)
            except ResultsError:
                continue
            if plan:
                names |= dict.fromkeys(plan.variants if by == "variant" else (plan.backend,))
    return tuple(names)


def _plan_files(path: Path) -> list[Path]:
    try:
        return sorted(path.rglob(PLAN)) if path.is_dir() else [path.parent / PLAN]
    except OSError:  # while a name is typed is no time to complain
        return []
