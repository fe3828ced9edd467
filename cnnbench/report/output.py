"""Rendering a comparison in the format asked for, and writing it where asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cnnbench.comparison.metrics import suggestion
from cnnbench.comparison.values import Comparison
from cnnbench.errors import ComparisonError
from cnnbench.report.formats import FORMATS
from cnnbench.results.files import explain, write_atomically

Render = Callable[[Comparison], str]


def find_format(name: str) -> Render:
    """The built-in format of that name, or a plugin's. Raises ComparisonError if there is none."""
    if name in FORMATS:
        return FORMATS[name]
    from cnnbench.plugin.manager import load_plugins  # only a foreign name is worth the time

    foreign = load_plugins().report_formats
    if name not in foreign:
        names = list(dict.fromkeys((*FORMATS, *foreign)))
        raise ComparisonError(f"there is no report format {name!r}; {suggestion(name, names)}")
    return foreign[name].render


def write_report(text: str, path: Path) -> None:
    """Write a report, whole or not at all. Raises ComparisonError if that can't be done."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_text(text, encoding="utf-8")  # a pipe or a device is not to be replaced
        else:
            write_atomically(path, text.encode())
    except OSError as error:
        raise ComparisonError(
            f"the report can't be written to {path}: {explain(error)}; choose another --output"
        ) from error
