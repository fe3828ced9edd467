"""Records and comparisons as pandas data frames, for further work in Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.rows import flat_notes, flat_rows
from cnnbench.comparison.values import By

if TYPE_CHECKING:
    import pandas as pd

    from cnnbench.results.record import Record

_SECONDS = {"compile", "training", "evaluation", "data", "total", "latency_single", "latency_batch"}
_BYTES = {"peak_memory", "device_memory"}


def compare_frame(
    paths: Sequence[Path],
    *,
    baseline: str | None = None,
    metric: str = "accuracy",
    by: By = "variant",
    split: str = "test",
) -> pd.DataFrame:
    """`compare_records` as a data frame, one row a variant and backend.

    The caveats are a list of sentences in `frame.attrs["notes"]`, each after its table's name.
    """
    import pandas as pd

    comparison = compare_records(paths, baseline=baseline, metric=metric, by=by, split=split)
    frame = pd.DataFrame(list(flat_rows(comparison)))
    frame.attrs["notes"] = list(flat_notes(comparison))
    return frame


def records_frame(records: Iterable[Record]) -> pd.DataFrame:
    """One row a record.

    Columns: who and how it ended; test_accuracy, validation_log_loss and the like as recorded
    (confusion matrices are left out); training_seconds, peak_memory_bytes and the other costs;
    source, train, validation, test, synthetic of the images.
    """
    import pandas as pd

    return pd.DataFrame([_flat_record(record) for record in records])


def _flat_record(record: Record) -> dict[str, object]:
    samples = record.samples
    return {
        **record.model_dump(
            include={"recipe", "backend", "variant", "replicate", "fold", "trial", "device"}
        ),
        "status": record.status.value,
        "reason": record.reason,
        "epochs": record.epochs,
        "best_epoch": record.best_epoch,
        **{
            f"{split}_{name}": value
            for split, metrics in record.metrics.items()
            for name, value in metrics.items()
            if isinstance(value, int | float)
        },
        **_with_units(record.costs.model_dump()),
        "source": samples.source if samples else None,
        "train": samples.train if samples else None,
        "validation": samples.validation if samples else None,
        "test": samples.test if samples else None,
        "synthetic": samples.synthetic if samples else None,
    }


def _with_units(costs: Mapping[str, float | None]) -> dict[str, float | None]:
    suffix = dict.fromkeys(_SECONDS, "_seconds") | dict.fromkeys(_BYTES, "_bytes")
    return {f"{name}{suffix.get(name, '')}": value for name, value in costs.items()}
