"""What happens between epochs: the learning rate, early stopping, the best weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cnnbench.network.network import Weights
from cnnbench.recipe.training import EarlyStopping, TrainingSpec
from cnnbench.results.record import Epoch

HIGHER_IS_BETTER = frozenset({"accuracy", "val_accuracy"})


class LearningRate:
    """The learning rate of each epoch; told of every finished epoch, as a plateau depends on it.

    rates: of each epoch, to follow instead of the schedule.
    """

    def __init__(self, spec: TrainingSpec, rates: Sequence[float] = ()) -> None:
        self._rates = rates
        self._schedule = spec.schedule
        self._epochs = spec.epochs
        self._warmup = spec.schedule.warmup_epochs
        self._start = spec.rate
        self._factor = 1.0
        self._best = math.inf
        self._told = 0
        self._waited = 0

    def of(self, epoch: int) -> float:
        """The rate of an epoch, counted from 1."""
        if self._rates:
            return self._rates[epoch - 1]
        if epoch <= self._warmup:
            return self._start * (epoch - 0.5) / self._warmup
        if self._schedule.kind == "cosine":
            done, whole = epoch - 1 - self._warmup, self._epochs - self._warmup
            return self._start * (1 + math.cos(math.pi * done / whole)) / 2
        return max(self._start * self._factor, min(self._schedule.min_lr, self._start))

    def tell(self, epoch: Epoch) -> None:
        """Count an epoch without a lower validation loss; lower the rate when patience is out."""
        self._told += 1
        if self._schedule.kind != "plateau" or epoch.val_loss is None:
            return
        if epoch.val_loss < self._best:
            self._best, self._waited = epoch.val_loss, 0
            return
        self._waited += self._told > self._warmup
        if self._waited >= self._schedule.patience:
            self._factor *= self._schedule.factor
            self._waited = 0


class Stopper:
    """Early stopping as Keras defines it: improved means better than the best by over min_delta.

    After `tell`, `improved` says whether this epoch is the best so far, `stop` whether patience is
    out. best_epoch counts from 1.
    """

    def __init__(self, spec: EarlyStopping) -> None:
        self._spec = spec
        self._sign = 1 if spec.monitor in HIGHER_IS_BETTER else -1
        self._best = -math.inf
        self.best_epoch = 0
        self.best_weights: Weights | None = None
        self.improved = False
        self.stop = False

    @property
    def active(self) -> bool:
        """Whether the recipe asks for early stopping at all."""
        return self._spec.patience > 0

    @property
    def restores(self) -> bool:
        """Whether the best epoch's weights are to be evaluated."""
        return self.active and self._spec.restore_best_weights

    def tell(self, epoch: Epoch) -> None:
        """Judge a finished epoch."""
        if not self.active:
            return
        value = getattr(epoch, self._spec.monitor)
        assert value is not None, "a recipe without validation images can't monitor them"
        self.improved = self._sign * value > self._best + self._spec.min_delta
        if self.improved:
            self._best = self._sign * value
            self.best_epoch = epoch.epoch
        self.stop = epoch.epoch - self.best_epoch >= self._spec.patience
