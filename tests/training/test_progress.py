"""Learning-rate schedules against their formulas, early stopping against worked examples."""

import math

import numpy as np
import pytest

from cnnbench.recipe.training import EarlyStopping, Schedule, TrainingSpec
from cnnbench.results.record import Epoch
from cnnbench.training.progress import LearningRate, Stopper


def epoch(number, val_loss=1.0, **values):
    defaults = {"loss": 1.0, "penalty": 0.0, "accuracy": 0.5, "val_accuracy": 0.5}
    return Epoch(
        epoch=number, val_loss=val_loss, learning_rate=0.1, seconds=1.0, **(defaults | values)
    )


def rates(spec, val_losses):
    rate = LearningRate(spec)
    seen = []
    for number, val_loss in enumerate(val_losses, start=1):
        seen.append(rate.of(number))
        rate.tell(epoch(number, val_loss))
    return seen


def test_the_default_rate_is_the_optimizers():
    assert LearningRate(TrainingSpec(optimizer="sgd")).of(1) == 0.01
    assert LearningRate(TrainingSpec(optimizer="adam")).of(7) == 0.001


def test_cosine_starts_at_the_rate_and_would_reach_zero_after_the_last_epoch():
    spec = TrainingSpec(epochs=4, learning_rate=0.8, schedule=Schedule(kind="cosine"))
    half = 0.4
    wanted = [half * (1 + math.cos(math.pi * t / 4)) for t in range(4)]
    assert rates(spec, [1] * 4) == pytest.approx(wanted)
    assert wanted[0] == 0.8


def test_plateau_lowers_the_rate_after_patience_epochs_without_a_lower_loss():
    schedule = Schedule(kind="plateau", factor=0.5, patience=2)
    spec = TrainingSpec(epochs=8, learning_rate=0.8, schedule=schedule)
    losses = [1.0, 0.9, 0.9, 0.95, 0.8, 0.85, 0.85, 0.85]
    assert rates(spec, losses) == pytest.approx([0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2])


def test_plateau_does_not_go_below_the_minimum():
    schedule = Schedule(kind="plateau", factor=0.1, patience=1, min_lr=0.05)
    spec = TrainingSpec(epochs=4, learning_rate=0.8, schedule=schedule)
    assert rates(spec, [1.0] * 4)[-1] == 0.05


def test_warm_up_gives_each_epoch_the_mean_of_a_rise_with_every_step():
    # Goyal et al. (2017), section 2.2: from zero, by the same amount each step.
    spec = TrainingSpec(epochs=6, learning_rate=0.8, schedule=Schedule(warmup_epochs=4))
    steps = 1000
    rise = 0.8 * (np.arange(4 * steps) + 0.5) / (4 * steps)
    means = rise.reshape(4, steps).mean(axis=1)
    assert rates(spec, [1] * 6) == pytest.approx([*means, 0.8, 0.8])
    assert means == pytest.approx([0.1, 0.3, 0.5, 0.7])


def test_cosine_spreads_over_the_epochs_after_the_warm_up():
    after = TrainingSpec(epochs=4, learning_rate=0.8, schedule=Schedule(kind="cosine"))
    schedule = Schedule(kind="cosine", warmup_epochs=2)
    spec = after.model_copy(update={"epochs": 6, "schedule": schedule})
    assert rates(spec, [1] * 6) == pytest.approx([0.2, 0.6, *rates(after, [1] * 4)])


def test_plateau_loses_no_patience_while_it_warms_up():
    schedule = Schedule(kind="plateau", factor=0.5, patience=2, warmup_epochs=3)
    spec = TrainingSpec(epochs=7, learning_rate=0.6, schedule=schedule)
    losses = [1.0, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1]
    assert rates(spec, losses) == pytest.approx([0.1, 0.3, 0.5, 0.6, 0.6, 0.3, 0.3])


def stops_at(spec, epochs):
    stopper = Stopper(spec)
    for row in epochs:
        stopper.tell(row)
        if stopper.stop:
            return row.epoch, stopper.best_epoch
    return None, stopper.best_epoch


def test_stops_after_patience_epochs_without_improvement():
    losses = [0.9, 0.7, 0.8, 0.75, 0.6]
    rows = [epoch(i, loss) for i, loss in enumerate(losses, 1)]
    assert stops_at(EarlyStopping(patience=2), rows) == (4, 2)
    assert stops_at(EarlyStopping(patience=3), rows) == (None, 5)


def test_a_change_of_exactly_min_delta_is_no_improvement():
    rows = [epoch(1, 1.0), epoch(2, 0.5), epoch(3, 0.25)]
    assert stops_at(EarlyStopping(patience=2, min_delta=0.5), rows) == (None, 3)
    assert stops_at(EarlyStopping(patience=1, min_delta=0.5), rows) == (2, 1)


def test_a_higher_accuracy_is_better():
    rows = [epoch(i, val_accuracy=value) for i, value in enumerate([0.5, 0.6, 0.6, 0.55], 1)]
    assert stops_at(EarlyStopping(patience=2, monitor="val_accuracy"), rows) == (4, 2)


def test_without_patience_nothing_stops():
    stopper = Stopper(EarlyStopping())
    for number in range(1, 50):
        stopper.tell(epoch(number))
    assert not stopper.stop
    assert not stopper.restores


def test_a_plateau_ends_with_any_lower_loss_however_little():
    schedule = Schedule(kind="plateau", factor=0.5, patience=2)
    spec = TrainingSpec(learning_rate=0.8, schedule=schedule)
    assert rates(spec, [1.0, 1.0 - 1e-9, 1.0 - 2e-9, 1.0 - 3e-9]) == [0.8] * 4
