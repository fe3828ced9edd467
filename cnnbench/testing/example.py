"""A small trial, for tests of what is handed trials: trackers, executors, views."""

from __future__ import annotations

from typing import Any

from cnnbench.data.sources.source import Request
from cnnbench.recipe.configuration import Configuration
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
