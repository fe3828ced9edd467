"""Rendering a comparison in the format asked for, and writing it where asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from cnnbench.comparison.values import Comparison
from cnnbench.errors import ComparisonError, did_you_mean
from cnnbench.report.formats import FORMATS, PARQUET_FORMAT, RECORDS_FORMAT, records_text
from cnnbench.report.printable import printable
from cnnbench.results.files import explain, write_atomically
from cnnbench.results.layout import PLAN, RECORDS
from cnnbench.results.read import ResultSet

SUFFIXES = {
    ".txt": "table",
    ".csv": "csv",
    ".md": "markdown",
    ".json": "json",
    ".tex": "latex",
    ".parquet": PARQUET_FORMAT,
}
"""What the names of files say of their formats."""

Render = Callable[[Comparison], str]
Write = Callable[[Comparison, ResultSet], str | bytes]
"""From a comparison and what it was made of."""


def find_writer(name: str, output: Path | None) -> Write:
    """What makes the content of a file, or of the terminal, in the format of that name.

    Records go into a Parquet file where the file's name ends so. Raises ComparisonError as
    `find_format` does, and where Parquet has no file to go into.
    """
    into_parquet = output is not None and SUFFIXES.get(output.suffix.lower()) == PARQUET_FORMAT
    if name == PARQUET_FORMAT or (name == RECORDS_FORMAT and into_parquet):
        if output is None:
            raise ComparisonError(
                "Parquet is not for a terminal; name a file, as in --output comparison.parquet"
            )
        from cnnbench.report.parquet import comparison_parquet, records_parquet

        return comparison_parquet if name == PARQUET_FORMAT else records_parquet
    if name == RECORDS_FORMAT:
        return lambda _, results: records_text(results)
    render = find_format(name)
    return lambda comparison, _: render(comparison)


def find_format(name: str) -> Render:
    """The built-in format of that name, or a plugin's. Raises ComparisonError if there is none."""
    if name in FORMATS:
        return FORMATS[name]
    from cnnbench.loading.manager import load_plugins  # only a foreign name is worth the time

    foreign = load_plugins().report_formats
    if name not in foreign:
        names = list(dict.fromkeys((*FORMATS, PARQUET_FORMAT, RECORDS_FORMAT, *foreign)))
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
