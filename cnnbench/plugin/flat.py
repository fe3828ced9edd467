"""Trials and records as flat names and values, as trackers take them."""

from __future__ import annotations

from cnnbench.recipe.setting import dotted, flatten
from cnnbench.results.record import Record
from cnnbench.trials.trial import Trial

Scalar = str | int | float | bool | None


def flat_settings(trial: Trial) -> dict[str, Scalar]:
    """What a trial is and its settings by dotted keys, training.learning_rate; lists as text."""
    settings = trial.configuration.model_dump(mode="json")
    return {
        "recipe": trial.recipe,
        "variant": trial.variant,
        "replicate": trial.replicate,
        "fold": trial.fold,
        "backend": trial.backend,
        "trial": trial.id,
        **{dotted(key): _scalar(value) for key, value in flatten(settings)},
    }


def flat_results(record: Record) -> dict[str, float]:
    """The numbers of a record: test_accuracy, validation_log_loss, and its costs as cost_training.

    Times in seconds, memory in bytes. What was not measured is left out, and so is what is no
    single number, as a confusion matrix.
    """
    numbers = {
        f"{split}_{name}": value
        for split, metrics in record.metrics.items()
        for name, value in metrics.items()
        if isinstance(value, int | float)
    }
    costs = record.costs.model_dump(exclude_none=True)
    return numbers | {f"cost_{name}": value for name, value in costs.items()}


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, Scalar) else str(value)
