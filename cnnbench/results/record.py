"""What a trial left behind."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

FORMAT = 1
"""The version of the record's fields."""


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

    compile: building the network and compiling it. training: optimiser steps of all epochs, without
    waiting for images. data: that waiting; what augmentation costs shows here. evaluation:
    predictions of validation and test images. total: the whole trial. images_per_second: of
    `training`, in steady state (epochs after the first), so without waiting for images, too.
    latency_single, latency_batch: median seconds to predict one image, and one batch.
    peak_memory: bytes resident in the process, device_memory: on the device. flops: multiplications
    and additions of one image's prediction.
    """

    compile: float | None = None
    training: float | None = None
    evaluation: float | None = None
    data: float | None = None
    total: float | None = None
    images_per_second: float | None = None
    latency_single: float | None = None
    latency_batch: float | None = None
    peak_memory: int | None = None
    device_memory: int | None = None
    parameters: int | None = None
    flops: int | None = None


class Beside(Value):
    """What ran on the machine at the same time. load: 1-minute load average at the start."""

    slots: int
    threads: int
    exclusive: bool
    load: float | None = None


class Samples(Value):
    """The images that a trial used. digest: of the decoded source; notes: what its reader found."""

    source: str
    digest: str
    train: int
    validation: int
    test: int
    classes: tuple[str, ...]
    synthetic: bool = False
    notes: tuple[str, ...] = ()


class Record(Value):
    """One line of records.jsonl.

    metrics: by split ("test", "validation"), then by name ("accuracy", "log_loss", ...); floats,
    and the confusion matrix as a list of rows. "trivial" holds the "chance" and "majority" levels.
    epochs: trained; best_epoch: whose weights were evaluated, counted from 1.
    settings: the trial's configuration. environment: key of environments/KEY.json.
    started: seconds since 1970.
    """

    format: int = FORMAT
    trial: str
    recipe: str
    variant: str
    replicate: int
    fold: int | None = None
    backend: str
    device: str = ""
    status: Status
    reason: str = ""
    samples: Samples | None = None
    metrics: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    epochs: int | None = None
    best_epoch: int | None = None
    costs: Costs = Costs()
    settings: Mapping[str, Any] = Field(default_factory=dict)
    environment: str = ""
    beside: Beside | None = None
    started: float = 0.0


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


class Plan(Value):
    """plan.json: the study last asked for in a folder, so that a comparison knows what is missing.

    trials: id to (variant, replicate, fold), every trial of the study. variants: in recipe order.
    settings: variant to the whole configuration; sections equal in all variants describe the study.
    """

    format: int = FORMAT
    recipe: str
    title: str = ""
    description: str = ""
    backend: str
    baseline: str
    variants: tuple[str, ...]
    replicates: int
    folds: int = 0
    trials: Mapping[str, tuple[str, int, int | None]]
    overrides: tuple[str, ...] = ()
