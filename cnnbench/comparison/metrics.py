"""What records can be compared by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from cnnbench.errors import ComparisonError, did_you_mean
from cnnbench.results.record import Record

NUMBER = (int, float)
"""What a value is; a union of the two would be made anew for each of many thousands."""


class Unit(StrEnum):
    """What a metric is measured in."""

    FRACTION = "fraction"
    NATS = "nats"
    SECONDS = "seconds"
    RATE = "images per second"
    BYTES = "bytes"
    COUNT = "count"
    JOULES = "joules"


@dataclass(frozen=True, slots=True)
class Metric:
    """A number of each record. cost: found among the costs, not among a split's metrics."""

    name: str
    title: str
    unit: Unit = Unit.FRACTION
    higher_is_better: bool = True
    cost: bool = False

    @property
    def constant(self) -> bool:
        """Whether it is counted from the network and not measured, so that nothing is uncertain."""
        return self.unit is Unit.COUNT


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric, and the split it is taken on; costs have no split."""

    metric: Metric
    split: str = "test"

    def of(self, record: Record) -> float | None:
        """The record's value, None where it has none or one that no mean can be taken of."""
        if self.metric.cost:
            value = getattr(record.costs, self.metric.name)
        else:
            value = record.metrics.get(self.split, {}).get(self.metric.name)
        if not isinstance(value, NUMBER) or not math.isfinite(value):
            return None
        return float(value)


def _cost(name: str, title: str, unit: Unit, *, higher_is_better: bool = False) -> Metric:
    return Metric(name, title, unit, higher_is_better, cost=True)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy"),
        Metric("balanced_accuracy", "balanced accuracy"),
        Metric("precision", "macro precision"),
        Metric("recall", "macro recall"),
        Metric("f1", "macro F1"),
        Metric("log_loss", "log loss", Unit.NATS, higher_is_better=False),
        Metric("calibration_error", "calibration error", higher_is_better=False),
        _cost("compile", "compile time", Unit.SECONDS),
        _cost("features", "features", Unit.SECONDS),
        _cost("training", "training time", Unit.SECONDS),
        _cost("evaluation", "evaluation time", Unit.SECONDS),
        _cost("data", "time waiting for data", Unit.SECONDS),
        _cost("total", "total time", Unit.SECONDS),
        _cost("images_per_second", "training speed", Unit.RATE, higher_is_better=True),
        _cost("latency_single", "latency of one image", Unit.SECONDS),
        _cost("latency_batch", "latency of a batch", Unit.SECONDS),
        _cost("peak_memory", "peak memory", Unit.BYTES),
        _cost("device_memory", "device memory", Unit.BYTES),
        _cost("energy", "energy", Unit.JOULES),
        _cost("device_energy", "energy of the device", Unit.JOULES),
        _cost("device_utilization", "use of the device", Unit.FRACTION, higher_is_better=True),
        _cost("parameters", "parameters", Unit.COUNT),
        _cost("flops", "FLOPs", Unit.COUNT),
    )
}
"""By the name that --metric takes."""

SPLITS = ("test", "validation")


def find_measure(name: str, split: str) -> Measure:
    """The metric of that name on that split. Raises ComparisonError with the nearest name."""
    if name not in METRICS:
        raise ComparisonError(
            f"there is no metric {name!r}{did_you_mean(name, METRICS, 'metrics')}"
        )
    if split not in SPLITS:
        raise ComparisonError(f"there is no split {split!r}{did_you_mean(split, SPLITS, 'splits')}")
    return Measure(METRICS[name], split)
