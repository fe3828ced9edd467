"""What a trial left behind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from cnnbench.recipe.renamed import in_todays_words

FORMAT = 1
"""The version of the record's fields."""
MARGIN = 0.01
"""Of studies that declared none: one point, as in recipes that don't."""

# What lies beyond these bounds no trial wrote: its line is damaged, and no mean may be over it.
_LARGEST = 10**18
Size = Annotated[int, Field(strict=True, ge=0, le=_LARGEST)]
"""A count or a number of bytes."""
Amount = Annotated[float, Field(strict=True, ge=0, le=_LARGEST, allow_inf_nan=False)]
"""Seconds, or a rate."""
_FRACTIONS = (
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "calibration_error",
    "chance",
    "majority",
)
_ROUNDING = 1e-9
_MOST: dict[str, float] = {"log_loss": _LARGEST} | dict.fromkeys(_FRACTIONS, 1 + _ROUNDING)
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")


class Status(StrEnum):
    """How a trial ended."""

    OK = "ok"
    FAILED = "failed"
    TIMEOUT = "timeout"
    UNSUPPORTED = "unsupported"


class Value(BaseModel):
    """Common to the parts of a record: frozen, tolerant of fields a later version added."""

    # JSON has no NaN; pydantic reads the string "NaN" back as the number.
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")


class Costs(Value):
    """Seconds by what they went into, and the sizes that cause them; None where not measured.

    compile: building the network and compiling it. features: what the frozen part of the network
    took for this trial's images, whichever trial computed it. training: optimiser steps of all
    epochs, without waiting for images. data: that waiting; what augmentation costs shows here.
    evaluation: predictions of validation and test images. total: the whole trial.
    images_per_second: of `training`, in steady state (epochs after the first), so without waiting
    for images, too.
    latency_single, latency_batch: median seconds to predict one image, and one batch.
    peak_memory: bytes resident in the process, device_memory: on the device. flops: multiplications
    and additions of one image's prediction.
    energy: joules of the processors, their memory and the GPU that computed, from start to end;
    device_energy: of the GPU alone. device_utilization: share of the time in which it computed.
    """

    compile: Amount | None = None
    features: Amount | None = None
    training: Amount | None = None
    evaluation: Amount | None = None
    data: Amount | None = None
    total: Amount | None = None
    images_per_second: Amount | None = None
    latency_single: Amount | None = None
    latency_batch: Amount | None = None
    peak_memory: Size | None = None
    device_memory: Size | None = None
    parameters: Size | None = None
    flops: Size | None = None
    energy: Amount | None = None
    device_energy: Amount | None = None
    device_utilization: Amount | None = None


class Beside(Value):
    """What ran on the machine at the same time.

    load: 1-minute load average at the start. stack: replicates trained as one program, this one
    among them; what was done for several at once counts in equal shares.
    """

    slots: Size
    threads: Size
    exclusive: bool
    load: Amount | None = None
    stack: Size = 1


class Samples(Value):
    """The images that a trial used.

    digest: of the decoded source. by_class: how many images of each class the splits "train",
    "validation" and "test" hold, in the order of `classes`; empty in records of before it was kept.
    groups: how many groups of images that belong together each split holds, empty where there are
    none; grouping: digest of which images these are. notes: what the reader of the images found.
    signals: whether they are signals; records of before it was kept tell it by their source.
    """

    source: str
    digest: str
    train: Size
    validation: Size
    test: Size
    classes: tuple[str, ...]
    by_class: Mapping[str, tuple[Size, ...]] = Field(default_factory=dict)
    groups: Mapping[str, Size] = Field(default_factory=dict)
    grouping: str = ""
    synthetic: bool = False
    notes: tuple[str, ...] = ()
    signals: bool = False

    @property
    def things(self) -> str:
        """What they are in a sentence: images, or signals."""
        return "signals" if self.signals or self.source.startswith("signals:") else "images"

    @field_validator("by_class")
    @classmethod
    def _one_for_each_class(
        cls, by_class: Mapping[str, tuple[int, ...]], info: ValidationInfo
    ) -> Mapping[str, tuple[int, ...]]:
        if any(len(counts) != len(info.data.get("classes", ())) for counts in by_class.values()):
            raise ValueError("not a count for each class")
        return by_class


class Pretrained(Value):
    """The arrays that a base started from.

    origin: where they come from. digest: SHA-256 of their file, "" for random ones. trained_on:
    which images. licence: of the arrays. trained_in: seconds, where the study trained them itself,
    once a replicate for all that start from them.
    """

    base: str
    origin: str
    digest: str
    trained_on: str
    licence: str
    trained_in: Amount | None = None


class Shared(Value):
    """What the part of a network that is at rest made of images, once for all epochs and trials.

    layer: the last one of that part. images: that passed it, each augmented copy counted. copies:
    of each training image, 0 where nothing augments them. seconds: what they took, whichever trial
    computed them. entries: those seconds by what the features are kept as, which all trials that
    share them have; empty in early records.
    """

    layer: str
    images: Size
    copies: Size = 0
    seconds: Amount
    entries: Mapping[str, Amount] = Field(default_factory=dict)


class Ensemble(Value):
    """The networks that answered together.

    accuracies: of each network alone on the test images. weights: of their votes, empty where all
    count alike. trials: those whose predictions were put together, empty where the trial trained
    its networks itself.
    """

    method: str
    networks: Size
    accuracies: tuple[Amount, ...] = ()
    weights: tuple[Amount, ...] = ()
    trials: tuple[str, ...] = ()


class Tried(Value):
    """A candidate of a tuned variant.

    settings: dotted keys with what it sets, none for the variant's own. value: of the metric on
    validation images, None where training diverged. trial: whose record has the rest.
    """

    trial: str
    settings: Mapping[str, Any] = Field(default_factory=dict)
    value: float | None = None


class Tuning(Value):
    """What was tried of a tuned variant. chosen: which of the candidates, counted from 0."""

    metric: str
    chosen: Size
    candidates: tuple[Tried, ...]


class Record(Value):
    """One line of records.jsonl.

    metrics: by split ("test", "validation"), then by name ("accuracy", "log_loss", ...); floats,
    and the confusion matrix as a list of rows. "trivial" holds the "chance" and "majority" levels.
    pretrained: what a base started from, None without one. shared: of each stage of training in
    which a part of the network is at rest and is computed but once. ensemble: the networks of one,
    None for a single network. tuning: of a tuned variant, what was tried; its metrics are those of
    the candidate that was chosen, its costs those of all. member: which network of an ensemble, or
    which candidate, it is, "" for a variant itself.
    diverged: whether it failed because what the network computed was no number any more: an outcome
    of its settings, not a failure of the machine.
    kept: SHA-256 of the file of its arrays, "" where none was kept.
    epochs: trained; best_epoch: whose weights were evaluated, counted from 1.
    unmeasured: costs that could not be measured, with the reason.
    settings: the trial's configuration. environment: key of environments/KEY.json.
    started: seconds since 1970.
    """

    format: int = FORMAT
    trial: str
    recipe: str
    variant: str
    replicate: Size
    fold: Size | None = None
    backend: str
    device: str = ""
    status: Status
    reason: str = ""
    diverged: bool = False
    samples: Samples | None = None
    pretrained: Pretrained | None = None
    shared: tuple[Shared, ...] = ()
    ensemble: Ensemble | None = None
    tuning: Tuning | None = None
    member: str = ""
    metrics: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    epochs: Size | None = None
    best_epoch: Size | None = None
    kept: str = ""
    costs: Costs = Costs()
    unmeasured: Mapping[str, str] = Field(default_factory=dict)
    settings: Mapping[str, Any] = Field(default_factory=dict)
    environment: str = ""
    beside: Beside | None = None
    started: Annotated[float, Field(allow_inf_nan=False)] = 0.0

    @field_validator("settings")
    @classmethod
    def _in_todays_words(cls, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return in_todays_words(settings)

    @field_validator("metrics")
    @classmethod
    def _within_bounds(
        cls, metrics: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Mapping[str, Any]]:
        for values in metrics.values():
            for name, value in values.items():
                most = _MOST.get(name)
                if most is None or (type(value) is float and 0 <= value <= most):
                    continue  # nearly all of a hundred thousand records
                if not _is_possible(value, most):
                    raise ValueError(f"no {name} is {value!r:.20}")
        return metrics


def _is_possible(value: Any, most: float) -> bool:
    """Whether a metric may have the value; what is not finite could not be computed."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value is None or value in _NOT_FINITE
    return -_ROUNDING <= value <= most or (isinstance(value, float) and not math.isfinite(value))


class Epoch(Value):
    """One row of a trial's history. loss and accuracy: in training, dropout and augmentation on.

    loss is the data's loss; the L1 and L2 penalties stand apart in `penalty`. The validation values
    are None without validation images. seconds: training alone.
    """

    epoch: int
    loss: float
    penalty: float
    accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    learning_rate: float
    seconds: float


class Images(Value):
    """What a source held when a study was planned.

    counts: of each class in the order of `classes`, by split where the source fixes splits, else
    under "all". brightest: of all decoded values, of 255. bits: of the files' values, whose `white`
    became 255. passed_over: files in class folders that are of no known image format, by extension.
    """

    source: str
    shape: tuple[Size, Size, Size]
    classes: tuple[str, ...]
    counts: Mapping[str, tuple[Size, ...]] = Field(default_factory=dict)
    brightest: Size = 255
    bits: Size = 8
    white: Size = 255
    passed_over: Mapping[str, Size] = Field(default_factory=dict)


class PlannedLooks(Value):
    """When verdicts are taken of a study that goes on until they are settled, and at what level.

    looks: numbers of replicates, the last one the most. alpha: how often all looks together may
    claim a difference where there is none. spending: how it is shared out among them; "linear" is
    in proportion to the replicates.
    """

    looks: Annotated[tuple[Size, ...], Field(min_length=1)]
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.045
    spending: str = "linear"

    @field_validator("looks")
    @classmethod
    def _growing(cls, looks: tuple[int, ...]) -> tuple[int, ...]:
        if any(later <= earlier for earlier, later in pairwise((1, *looks))):
            raise ValueError("looks do not grow from two replicates on")
        return looks


class ReportedAccuracy(Value):
    """The fraction of test images that others reported of a variant, and where."""

    accuracy: Annotated[float, Field(ge=0, le=1)]
    source: str


class Plan(Value):
    """plan.json: the study last asked for in a folder, so that a comparison knows what is missing.

    trials: id to (variant, replicate, fold), every trial of the study. members: ids of those that
    are only run for an ensemble. variants: in recipe order.
    settings: variant to the whole configuration; sections equal in all variants describe the study.
    images: of each source, in the order of the variants.
    margin: the smallest difference that matters, declared before the first trial. looks: numbers of
    replicates that were asked for before, and had ended. seed: the recipe's; None in plans from
    before it was kept. published: of variants, what others reported. schedule: of a study that goes
    on until its verdicts are settled, which may end with fewer trials than these; None of a fixed
    number of replicates.
    """

    format: int = FORMAT
    recipe: str
    title: str = ""
    description: str = ""
    backend: str
    baseline: str
    variants: Annotated[tuple[str, ...], Field(min_length=1)]
    replicates: Size
    folds: Size = 0
    trials: Mapping[str, tuple[str, Size, Size | None]]
    members: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    images: tuple[Images, ...] = ()
    margin: Annotated[float, Field(ge=0, lt=1)] = MARGIN
    looks: tuple[Size, ...] = ()
    seed: Annotated[int, Field(strict=True, ge=0)] | None = None
    published: Mapping[str, ReportedAccuracy] = Field(default_factory=dict)
    schedule: PlannedLooks | None = None
