"""What is kept of a last training: everything to predict with, and where it comes from."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from cnnbench.network.graph import spelled_out
from cnnbench.plugin.executor import Outcome
from cnnbench.results.details import Predictions
from cnnbench.winner.folder import NewFolder, winner_files
from cnnbench.winner.preprocessing import preprocessing_of
from cnnbench.winner.retraining import Retraining


def save_winner(retraining: Retraining, outcome: Outcome, folder: NewFolder) -> None:
    """Write what was trained and where it comes from. Raises ResultsError."""
    assert outcome.weights is not None
    assert outcome.predictions is not None
    assert outcome.rows is not None
    assert outcome.labels is not None
    trial, images = retraining.trial, retraining.images
    description = {
        "classes": images.chosen.classes,
        "network": trial.network.model_copy(
            update={"layers": tuple(spelled_out(trial.network.layers))}
        ),
        "preprocessing": preprocessing_of(images, retraining.white),
        "precision": trial.precision,
        "backend": trial.backend,
        "batch_size": trial.configuration.training.batch_size,
    }
    predictions = Predictions(outcome.predictions, outcome.rows, outcome.labels)
    provenance = _provenance(retraining, outcome)
    folder.write(
        winner_files(description, outcome.weights, provenance, outcome.history, predictions)
    )


def _provenance(retraining: Retraining, outcome: Outcome) -> dict[str, Any]:
    choice, plan = retraining.choice, retraining.choice.plan
    return {
        "cnnbench": version("cnnbench"),
        "results": str(choice.study.folder),
        "recipe": plan.recipe,
        "title": plan.title,
        "seed": plan.seed,
        "overrides": plan.overrides,
        "variant": choice.variant,
        "chosen_by": f"validation {choice.measure.metric.name}, mean of the replicates",
        "replicates": choice.compared,
        "candidates": {one.variant: one.values for one in choice.candidates},
        "notes": choice.notes,
        "epochs": retraining.epochs,
        "counting_epochs": retraining.counting,
        "test_images_seen_by_the_choice": retraining.overlap,
        "environment": outcome.environment,
        "record": outcome.record.model_dump(mode="json"),
    }
