"""Rows as a Parquet file, which keeps numbers, their kinds, and what has no value."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence

from cnnbench.comparison.records import counting_records, flat_records
from cnnbench.comparison.rows import Cell, flat_notes, flat_rows
from cnnbench.comparison.values import Comparison
from cnnbench.errors import ComparisonError
from cnnbench.report.printable import printable
from cnnbench.results.read import ResultSet

INSTALL = "pip install 'cnnbench[parquet]'"
_ATTRIBUTES = "PANDAS_ATTRS"
"""Where `pandas.read_parquet` looks for what becomes `frame.attrs`."""


def comparison_parquet(comparison: Comparison, _: ResultSet) -> bytes:
    """A row a variant and backend, as in CSV; pandas has the notes in `frame.attrs["notes"]`.

    Raises ComparisonError where pyarrow is missing.
    """
    return _parquet(list(flat_rows(comparison)), flat_notes(comparison))


def records_parquet(comparison: Comparison, results: ResultSet) -> bytes:
    """A row a trial, those that the comparison goes by. Raises as `comparison_parquet` does."""
    return _parquet(flat_records(counting_records(results)), flat_notes(comparison))


def _parquet(rows: Sequence[Mapping[str, Cell]], notes: Iterable[str]) -> bytes:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ComparisonError(
            f"Parquet files are written by pyarrow, which is missing; install it with: {INSTALL}"
        ) from error
    plain = [{printable(name): _plain(cell) for name, cell in row.items()} for row in rows]
    attributes = json.dumps({"notes": list(map(printable, notes))})
    table = pa.Table.from_pylist(plain).replace_schema_metadata({_ATTRIBUTES: attributes})
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def _plain(cell: Cell) -> Cell:
    """Names may hold what is no text, such as half a character."""
    return printable(cell) if isinstance(cell, str) else cell
