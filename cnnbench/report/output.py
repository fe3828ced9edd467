"""Rendering a comparison in the format asked for, and writing it where asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from cnnbench.comparison.values import Comparison
from cnnbench.errors import ComparisonError, did_you_mean
from cnnbench.report.formats import FORMATS, RECORDS_FORMAT
from cnnbench.report.printable import printable
from cnnbench.results.files import explain, write_atomically
from cnnbench.results.layout import PLAN, RECORDS

SUFFIXES = {".txt": "table", ".csv": "csv", ".md": "markdown", ".json": "json", ".tex": "latex"}
"""What the names of files say of their formats."""

Render = Callable[[Comparison], str]


def find_format(name: str) -> Render:
    """The built-in format of that name, or a plugin's. Raises ComparisonError if there is none."""
    if name in FORMATS:
        return FORMATS[name]
    from cnnbench.loading.manager import load_plugins  # only a foreign name is worth the time

    foreign = load_plugins().report_formats
    if name not in foreign:
        names = list(dict.fromkeys((*FORMATS, RECORDS_FORMAT, *foreign)))
        raise ComparisonError(
            f"there is no report format {name!r}{did_you_mean(name, names, 'formats')}"
        )
    render = foreign[name].render
    return lambda comparison: render(_printable(comparison))


def format_of(output: Path | None) -> str:
    """The format that the suffix of a file stands for; without a file the table.

    Raises ComparisonError for a suffix that stands for none.
    """
    if output is None:
        return "table"
    if output.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        told = f"{output.suffix!r}" if output.suffix else "no suffix"
        raise ComparisonError(
            f"{output} has {told}, which stands for no format; name it with one of {known}, or "
            "give --format"
        )
    return SUFFIXES[output.suffix.lower()]


def _printable(value: Any) -> Any:
    """A value of `cnnbench.comparison.values` whose texts are fit for a terminal, as ours are."""
    match value:
        case tuple():
            return tuple(map(_printable, value))
        case Mapping():
            return {_printable(key): _printable(each) for key, each in value.items()}
        case _ if type(value) is str:
            return printable(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            changed = {x.name: _printable(getattr(value, x.name)) for x in fields(value) if x.init}
            return replace(value, **changed)
        case _:
            return value


def spare_file(path: Path, *, force: bool) -> None:
    """Raise ComparisonError where a report would replace a file that holds something.

    It might be a recipe. force: the user knows; records are not made twice, and are kept.
    """
    if path.resolve().name in {RECORDS, PLAN} and path.exists():
        raise ComparisonError(f"{path} holds results, not a report; choose another --output")
    if not force and path.is_file() and path.stat().st_size:
        raise ComparisonError(
            f"there is a file {path} already; choose another --output, or replace it with --force"
        )


def write_report(content: str | bytes, path: Path, *, force: bool = False) -> None:
    """Write a report, or a picture of one, whole or not at all.

    A link is followed, and stays. Raises ComparisonError if it can't be written, or as `spare_file`
    does.
    """
    written = content.encode() if isinstance(content, str) else content
    try:
        spare_file(path, force=force)
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(written)  # a pipe or a device is not to be replaced
        else:
            write_atomically(path.resolve(), written)
    except (OSError, RuntimeError) as error:  # the latter of a link to itself
        reason = explain(error) if isinstance(error, OSError) else "it is a link to itself"
        raise ComparisonError(
            f"the report can't be written to {path}: {reason}; choose another --output"
        ) from error
