"""Records and comparisons as pandas data frames, for further work in Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.records import flat_records
from cnnbench.comparison.rows import flat_notes, flat_rows
from cnnbench.comparison.values import By

if TYPE_CHECKING:
    import pandas as pd

    from cnnbench.results.record import Record


def compare_frame(
    paths: Sequence[Path],
    *,
    baseline: str | None = None,
    metric: str = "accuracy",
    by: By = "variant",
    split: str = "test",
    curve: str | None = None,
) -> pd.DataFrame:
    """`compare_records` as a data frame, one row a variant and backend.

    The caveats are a list of sentences in `frame.attrs["notes"]`, each after its table's name.
    """
    import pandas as pd

    comparison = compare_records(
        paths, baseline=baseline, metric=metric, by=by, split=split, curve=curve
    )
    frame = pd.DataFrame(list(flat_rows(comparison)))
    frame.attrs["notes"] = list(flat_notes(comparison))
    return frame


def records_frame(records: Iterable[Record]) -> pd.DataFrame:
    """One row a record, with the columns of `cnnbench.comparison.records.flat_records`."""
    import pandas as pd

    return pd.DataFrame(flat_records(records))
