"""Records as flat rows, one a trial, numbers under column names that carry the unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cnnbench.comparison.metrics import METRICS
from cnnbench.comparison.rows import Cell, unit_suffix
from cnnbench.comparison.select import select
from cnnbench.comparison.series import in_order
from cnnbench.results.read import ResultSet
from cnnbench.results.record import Record


def counting_records(results: ResultSet) -> tuple[Record, ...]:
    """The records that a comparison goes by, in its order: variant by variant, part by part."""
    return tuple(
        series.records[part]
        for study in results.studies
        for selection in select(study)
        for series in selection.series
        for part in sorted(series.records, key=in_order)
    )


def flat_records(records: Iterable[Record]) -> list[dict[str, Cell]]:
    """A row a record, all with equal columns, None where a record has no such value.

    Columns: who and how it ended; test_accuracy, validation_log_loss and the like as recorded
    (confusion matrices are left out); training_seconds, peak_memory_bytes and the other costs;
    source, train, validation, test, synthetic of the images.
    """
    records = list(records)
    metrics = [_metrics(record) for record in records]
    names = dict.fromkeys(name for found in metrics for name in found)
    return [
        _flat(record, dict.fromkeys(names) | found)
        for record, found in zip(records, metrics, strict=True)
    ]


def _flat(record: Record, metrics: Mapping[str, Cell]) -> dict[str, Cell]:
    samples = record.samples
    return {
        "recipe": record.recipe,
        "backend": record.backend,
        "variant": record.variant,
        "replicate": record.replicate,
        "fold": record.fold,
        "trial": record.trial,
        "device": record.device,
        "status": record.status.value,
        "reason": record.reason,
        "epochs": record.epochs,
        "best_epoch": record.best_epoch,
        **metrics,
        **_with_units(record.costs.model_dump()),
        "source": samples.source if samples else None,
        "train": samples.train if samples else None,
        "validation": samples.validation if samples else None,
        "test": samples.test if samples else None,
        "synthetic": samples.synthetic if samples else None,
    }


def _metrics(record: Record) -> dict[str, Cell]:
    return {
        f"{split}_{name}": value
        for split, metrics in record.metrics.items()
        for name, value in metrics.items()
        if isinstance(value, int | float)
    }


def _with_units(costs: Mapping[str, float | None]) -> dict[str, Cell]:
    return {f"{name}{unit_suffix(METRICS[name])}": value for name, value in costs.items()}
