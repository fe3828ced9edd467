"""The command that goes on with a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cnnbench.cli.options import RESULTS


def words_again(
    recipe: Path,
    backends: Sequence[str],
    changes: Sequence[str],
    *,
    data: str | None,
    variants: Sequence[str],
    device: str,
    results: Path,
) -> list[str]:
    """The words of `cnnbench run` for the same study in the same place, defaults left out."""
    options = [
        ("--backend", ",".join(backends)),
        ("--data", data or ""),
        *(("--variant", name) for name in variants),
        ("--device", "" if device == "auto" else device),
        ("--results", "" if results == RESULTS else str(results)),
        *(("--set", change) for change in changes),
    ]
    return ["cnnbench", "run", str(recipe), *_flat(options)]


def _flat(options: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, value in options:
        if value:
            yield from (name, value)
