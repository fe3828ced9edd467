"""A small trial and its record, for tests of what is handed them: trackers, executors, views."""

from __future__ import annotations

from typing import Any

from cnnbench.data.sources.source import Request
from cnnbench.recipe.configuration import Configuration
from cnnbench.results.record import Record, Status
from cnnbench.trials.trial import Trial

SHAPE = (28, 28, 1)
CLASSES = tuple("0123456789")


def example_trial(**changes: Any) -> Trial:
    """The first trial of a recipe `tiny` on the MNIST digits, as planned for torch-native.

    changes: other values for its fields; `configuration` may be what a recipe says, a mapping of
    sections. The id is made up: such a trial is in no results folder.
    """
    configuration = Configuration.model_validate(
        changes.pop("configuration", {"data": {"source": "mnist5k"}}), strict=False
    )
    fields: dict[str, Any] = {
        "id": "0123456789abcdef",
        "recipe": "tiny",
        "variant": "plain",
        "replicate": 0,
        "fold": None,
        "backend": "torch-native",
        "device": "cpu",
        "seed": 0,
        "source": "mnist5k",
        "request": Request(),
        "data": "digest",
        "network": configuration.network_for(SHAPE, CLASSES),
        "configuration": configuration,
    }
    return Trial(**fields | changes)


def example_record(trial: Trial, **changes: Any) -> Record:
    """What such a trial may leave: ok after two epochs, right on 7 of 8 test images of 2 classes.

    changes: other values for its fields.
    """
    fields: dict[str, Any] = {
        "trial": trial.id,
        "recipe": trial.recipe,
        "variant": trial.variant,
        "replicate": trial.replicate,
        "fold": trial.fold,
        "backend": trial.backend,
        "status": Status.OK,
        "epochs": 2,
        "metrics": {"test": {"accuracy": 0.875, "confusion": [[3, 1], [0, 4]]}},
        "costs": {"training": 1.5},
    }
    return Record(**fields | changes)
