"""Rendering a comparison in the format asked for, and writing it where asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cnnbench.comparison.values import Comparison
from cnnbench.errors import ComparisonError, did_you_mean
from cnnbench.report.formats import FORMATS
from cnnbench.results.files import explain, write_atomically

Render = Callable[[Comparison], str]


def find_format(name: str) -> Render:
    """The built-in format of that name, or a plugin's. Raises ComparisonError if there is none."""
    if name in FORMATS:
        return FORMATS[name]
    from cnnbench.loading.manager import load_plugins  # only a foreign name is worth the time

    foreign = load_plugins().report_formats
    if name not in foreign:
        names = list(dict.fromkeys((*FORMATS, *foreign)))
        raise ComparisonError(
            f"there is no report format {name!r}{did_you_mean(name, names, 'formats')}"
        )
    return foreign[name].render


def spare_file(path: Path, *, force: bool) -> None:
    """Raise ComparisonError where a report would replace a file that holds something.

    It might be a recipe, or records. force: the user knows.
    """
    if not force and path.is_file() and path.stat().st_size:
        raise ComparisonError(
            f"there is a file {path} already; choose another --output, or replace it with --force"
        )


def write_report(text: str, path: Path, *, force: bool = False) -> None:
    """Write a report, whole or not at all.

    A link is followed, and stays. Raises ComparisonError if it can't be written, or as `spare_file`
    does.
    """
    try:
        spare_file(path, force=force)
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_text(text, encoding="utf-8")  # a pipe or a device is not to be replaced
        else:
            write_atomically(path.resolve(), text.encode())
    except (OSError, RuntimeError) as error:  # the latter of a link to itself
        reason = explain(error) if isinstance(error, OSError) else "it is a link to itself"
        raise ComparisonError(
            f"the report can't be written to {path}: {reason}; choose another --output"
        ) from error
