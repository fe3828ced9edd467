"""The `[training]` and `[evaluation]` sections of a recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field

from cnnbench.data.spec import Section

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Optimizer = Literal[
    "sgd", "momentum", "rmsprop", "adam", "adamw", "nadam", "adagrad", "adamax", "lion"
]
Precision = Literal["float32", "bfloat16"]
ClassWeights = Literal["none", "balanced"]
Batching = Literal["shuffled", "balanced"]

DEFAULT_LEARNING_RATE: dict[Optimizer, float] = {
    "sgd": 0.01,
    "momentum": 0.01,
    "rmsprop": 0.001,
    "adam": 0.001,
    "adamw": 0.001,
    "nadam": 0.001,
    "adagrad": 0.001,
    "adamax": 0.001,
    "lion": 0.001,
}
"""Keras's defaults."""
USED: Mapping[str, frozenset[str]] = dict.fromkeys(get_args(Optimizer), frozenset()) | {
    "momentum": frozenset({"momentum", "nesterov"}),
    "adamw": frozenset({"weight_decay"}),
    "adagrad": frozenset({"initial_accumulator_value"}),
}
"""The keys of `[training]` that each optimiser uses and others don't."""


class EarlyStopping(Section):
    """Stops when the monitored value has not improved for `patience` epochs; 0 never stops.

    The keys are those of Keras's EarlyStopping.
    """

    patience: Annotated[int, Field(ge=0)] = Field(
        0, description="epochs without improvement before training stops; 0 never stops"
    )
    monitor: Literal["val_loss", "val_accuracy", "loss", "accuracy"] = Field(
        "val_loss", description="the value that has to improve, of validation or training images"
    )
    min_delta: Annotated[float, Field(ge=0)] = Field(0.0, description="what counts as improved")
    restore_best_weights: bool = Field(
        True, description="evaluate with the weights of the best epoch"
    )


class Schedule(Section):
    """The learning rate over the epochs.

    cosine: lr * (1 + cos(pi * epoch / epochs)) / 2, epochs counted from 0, so that the last still
    moves the weights (Loshchilov and Hutter 2017, eq. 5, no restart).
    plateau: times `factor` when the validation loss has not improved for `patience` epochs. However
    little lower counts as improved; Keras's ReduceLROnPlateau, whose keys these are, does the same
    with min_delta=0.
    warmup_epochs: before that the rate rises from 0 to the full one, as of Goyal et al. (2017),
    section 2.2. They raise it with every step; here an epoch has one rate, the mean of that rise
    over the epoch: lr * (epoch + 1/2) / warmup_epochs. What follows starts after it: cosine spreads
    over the epochs that are left, and plateau loses no patience before.
    """

    kind: Literal["constant", "cosine", "plateau"] = Field(
        "constant",
        description="cosine: down along half a cosine wave that would reach 0 one epoch after the "
        "last; plateau: in steps, when the validation loss gets no lower",
    )
    factor: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.1, description="of kind plateau: what each step multiplies the learning rate by"
    )
    patience: Annotated[int, Field(ge=1)] = Field(
        5, description="of kind plateau: epochs without any lower validation loss before a step"
    )
    min_lr: Annotated[float, Field(ge=0)] = Field(
        0.0, description="of kind plateau: the learning rate below which no step leads"
    )
    warmup_epochs: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        0, description="epochs over which the learning rate rises at first, before any kind"
    )


class Averaging(Section):
    """The mean of the weights that training passes through, to be judged in place of the last.

    swa: stochastic weight averaging (Izmailov et al. 2018), the plain mean. ema: the exponential
    moving average, mean = momentum * mean + (1 - momentum) * weights. Both take the weights as
    they are after an epoch.
    """

    kind: Literal["none", "swa", "ema"] = Field(
        "none",
        description="swa: the plain mean of the weights after each of the last epochs; ema: a mean "
        "of the weights after all epochs, in which one counts the less the longer ago it is",
    )
    start: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.75, description="of kind swa: the fraction of the epochs before the first that counts"
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.9, description="of kind ema: what the mean keeps of itself in each epoch"
    )

    @property
    def active(self) -> bool:
        """Whether anything is averaged."""
        return self.kind != "none"

    def first(self, epochs: int) -> int:
        """The first epoch, counted from 1, whose weights belong to the mean."""
        done = round(self.start * epochs, 6)  # 0.29 * 100 is a little less than 29
        return math.floor(done) + 1 if self.kind == "swa" else 1


class TrainingSpec(Section):
    """How the weights are fitted."""

    epochs: Count = Field(10, description="passes over the training images")
    batch_size: Count = Field(64, description="images in a training step")
    optimizer: Optimizer = Field("adam", description="how a step moves the weights")
    learning_rate: Annotated[float, Field(gt=0)] | None = Field(
        None, description="size of a step; the optimiser's default in Keras if not given"
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="of optimizer momentum")
    nesterov: bool = Field(
        False, description="of optimizer momentum: look a step of the velocity ahead"
    )
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.004, description="of optimizer adamw")
    initial_accumulator_value: Annotated[float, Field(ge=0)] = Field(
        0.1, description="of optimizer adagrad: what its sums of squared gradients start from"
    )
    global_clipnorm: Annotated[float, Field(ge=0)] = Field(
        0.0, description="the largest norm of all gradients together, clipped above; 0: any"
    )
    precision: Precision = Field("float32", description="bfloat16: mixed precision, where offered")
    class_weights: ClassWeights = Field(
        "none", description="balanced: in the loss of training, every class counts alike"
    )
    batches: Batching = Field(
        "shuffled",
        description="balanced: each batch holds every class alike, rare ones more often than there "
        "are images of them; an epoch takes as many steps as otherwise",
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="part of every training label that is shared out among all classes"
    )
    schedule: Schedule = Schedule()
    averaging: Averaging = Averaging()
    early_stopping: EarlyStopping = EarlyStopping()

    @property
    def rate(self) -> float:
        """The learning rate in effect at the start."""
        return self.learning_rate or DEFAULT_LEARNING_RATE[self.optimizer]


class EvaluationSpec(Section):
    """How a trained network is judged."""

    folds: Annotated[int, Field(ge=0)] = Field(
        0, description="parts of a cross-validation; 0 holds out the test split instead"
    )
    exclusive: bool = Field(False, description="one trial at a time, for honest times")
    margin: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.01, description="the smallest difference that matters, of accuracies and the like"
    )
