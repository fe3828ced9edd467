"""What is kept of a last training: everything to predict with, and where it comes from."""

from __future__ import annotations

from importlib.metadata import version
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.graph import spelled_out
from cnnbench.network.network import Weights
from cnnbench.plugin.executor import Outcome
from cnnbench.winner.choice import VariantChoice
from cnnbench.winner.ensemble import ensemble_files
from cnnbench.winner.folder import NewFolder, history_files, network_files, origin_files
from cnnbench.winner.preprocessing import preprocessing_of
from cnnbench.winner.retrained import Retrained, rule_of
from cnnbench.winner.retraining import LastTrial


def save_winner(trained: Retrained, folder: NewFolder) -> None:
    """Write what was trained and where it comes from. Raises ResultsError."""
    retraining = trained.retraining
    networks = [
        _files(planned, outcome, retraining.white)
        for planned, outcome in zip(retraining.networks, trained.outcomes, strict=True)
    ]
    files = networks[0]
    if trained.rule is not None:
        classes = retraining.networks[0].images.chosen.classes
        backend = retraining.backend.name
        files = ensemble_files(retraining.method, classes, backend, trained.rule, networks)
    folder.write({**files, **origin_files(_provenance(trained), trained.predictions)})


def _files(planned: LastTrial, outcome: Outcome, white: int | None) -> dict[str, bytes]:
    """The files of one trial: of its network, or of the ensemble that it trained itself."""
    trial, images = planned.trial, planned.images
    assert outcome.weights is not None
    description = {
        "classes": images.chosen.classes,
        "network": trial.network.model_copy(
            update={"layers": tuple(spelled_out(trial.network.layers))}
        ),
        "preprocessing": preprocessing_of(images, white),
        "precision": trial.precision,
        "backend": trial.backend,
        "batch_size": trial.configuration.training.batch_size,
    }
    rule = rule_of(outcome)
    if rule is None:
        return network_files(description, outcome.weights, outcome.history)
    method = trial.configuration.ensemble.method
    networks = [network_files(description, weights) for weights in _one_by_one(outcome.weights)]
    files = ensemble_files(method, images.chosen.classes, trial.backend, rule, networks)
    return {**files, **history_files(outcome.history)}


def _one_by_one(weights: Weights) -> list[dict[str, NDArray[np.float32]]]:
    """The arrays of each network of a trial, which are called after its number: "2/conv_1/bias"."""

    def number(name: str) -> int:
        return int(name.partition("/")[0])

    return [
        {name.partition("/")[2]: weights[name] for name in names}
        for _, names in groupby(sorted(weights, key=number), key=number)
    ]


def _provenance(trained: Retrained) -> dict[str, Any]:
    retraining, choice = trained.retraining, trained.retraining.choice
    plan = choice.plan
    return {
        "cnnbench": version("cnnbench"),
        "results": str(choice.study.folder),
        "recipe": plan.recipe,
        "title": plan.title,
        "seed": plan.seed,
        "overrides": plan.overrides,
        "variant": choice.variant,
        "chosen_by": "name, with --variant"
        if choice.named
        else f"validation {choice.measure.metric.name}, mean of the replicates",
        "replicates": choice.compared,
        "candidates": {one.variant: one.values for one in choice.candidates},
        **({"tuning": _tuning(choice)} if choice.setting else {}),
        "notes": choice.notes,
        "test_images_seen_by_the_choice": retraining.overlap,
        "test_accuracy": trained.accuracy,
        **(
            _of_single(retraining.networks[0], trained.outcomes[0])
            if trained.rule is None
            else {
                "ensemble": retraining.method,
                "networks": [
                    _of_single(planned, outcome)
                    for planned, outcome in zip(retraining.networks, trained.outcomes, strict=True)
                ],
                "held_out_epochs": [
                    [planned.epochs for planned in parts] for parts in retraining.held_out
                ],
            }
        ),
    }


def _of_single(planned: LastTrial, outcome: Outcome) -> dict[str, Any]:
    return {
        "epochs": planned.epochs,
        "counting_epochs": planned.counting,
        "environment": outcome.environment,
        "record": outcome.record.model_dump(mode="json"),
    }


def _tuning(choice: VariantChoice) -> dict[str, Any]:
    """Which setting is taken, and what was tried."""
    setting = choice.setting
    assert setting is not None
    return {
        "chosen_by": f"validation {setting.metric}, mean of the replicates",
        "candidate": setting.candidate + 1,
        "settings": setting.settings,
        "means": setting.means,
        "candidates_of_the_replicates": [place + 1 for place in setting.chosen],
        "replicates": [record.replicate for record in setting.records],
    }
