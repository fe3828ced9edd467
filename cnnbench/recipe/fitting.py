"""What stands against the `[training]` of a variant, whatever its images are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.setting import Key


def training_complaints(configuration: Configuration) -> Iterator[tuple[Key, str]]:
    """The key to blame and why."""
    training = configuration.training
    if training.averaging.active and training.early_stopping.patience:
        message = (
            "an average is of the epochs up to the last, early stopping looks for the best one: "
            "leave out training.averaging or training.early_stopping"
        )
        yield ("training", "averaging", "kind"), message
    warmup = configuration.training.schedule.warmup_epochs
    for key, epochs in _epochs(configuration).items():
        if warmup >= epochs:
            message = (
                f"a warm-up of {warmup} epochs leaves none of the {epochs} that {key} has for the "
                "full learning rate: make it shorter, or raise that"
            )
            yield ("training", "schedule", "warmup_epochs"), message
            return


def _epochs(configuration: Configuration) -> Mapping[str, int]:
    """Those of each stage, by the dotted key that says so."""
    found = {"training.epochs": configuration.training.epochs}
    transfer = configuration.transfer
    if transfer.active and transfer.strategy in ("partial", "full") and transfer.head_epochs:
        found["transfer.head_epochs"] = transfer.head_epochs
    return found
