"""What of a configuration can change a trial's outcome, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cnnbench.data.spec import AugmentationSpec
from cnnbench.network.network import Network
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.training import USED, Schedule, TrainingSpec
from cnnbench.recipe.transfer import Stage

MOVES = ("flip", "rotation", "zoom", "translation_width", "translation_height", "shear")
"""Transforms that may bring pixels from outside the image into it."""


def effective_settings(
    configuration: Configuration,
    network: Network,
    classes: Sequence[str],
    arrays: FoundArrays | None = None,
    stages: Sequence[Stage] = (),
) -> dict[str, Any]:
    """Plain values that two configurations share if and only if they compute the same.

    Apart from the images themselves: which source they come from, how large and in what colours
    they are read. network: as built for them, so that parameters that its architecture does not use
    don't matter; classes: of the source. arrays, stages: of a base; how images are scaled belongs
    to the arrays.
    """
    data = configuration.data
    settings: dict[str, Any] = {
        "data": {
            "train": data.train,
            "validation": data.validation,
            "test": data.test,
            "classes": data.classes or tuple(classes),
            "normalization": data.normalization,
        },
        "network": network.settings(),
        "training": _training(configuration.training),
        "augmentation": _augmentation(configuration.augmentation),
        "folds": configuration.evaluation.folds,
    }
    if (method := configuration.ensemble.method) in ("boosting", "snapshot"):
        settings["ensemble"] = {"method": method, "members": configuration.ensemble.members}
    if arrays is not None:
        settings["data"].pop("normalization")
        settings["transfer"] = _transfer(configuration, arrays, stages)
    return settings


def _transfer(
    configuration: Configuration, arrays: FoundArrays, stages: Sequence[Stage]
) -> dict[str, Any]:
    """Where arrays come from, other than what they are, changes nothing.

    The strategy counts for itself, as one that computes features once adds up in another order.
    """
    settings = {
        "arrays": arrays.digest,
        "scaling": asdict(arrays.scaling),
        "strategy": configuration.transfer.strategy,
        "stages": [
            {"frozen": sorted(x.frozen), "epochs": x.training.epochs, "rate": x.training.rate}
            for x in stages
        ],
    }
    precision = configuration.transfer.feature_precision
    if configuration.shares_features and precision != "float32":
        settings["features"] = precision
    return settings


def _training(spec: TrainingSpec) -> dict[str, Any]:
    """The parts in effect, the learning rate as it is used.

    In the words of the first records, though recipes have others by now, and without the keys that
    those lack where they do nothing: an id never changes.
    """
    keys = {"epochs", "batch_size", "optimizer", "precision", *USED[spec.optimizer]}
    settings = spec.model_dump(include=keys)
    settings["learning_rate"] = spec.rate
    if not spec.nesterov:
        settings.pop("nesterov", None)
    if spec.global_clipnorm:
        settings["global_clipnorm"] = spec.global_clipnorm
    if spec.class_weights != "none":
        settings["class_weights"] = spec.class_weights
    if spec.batches != "shuffled":
        settings["batches"] = spec.batches
    if spec.label_smoothing:
        settings["label_smoothing"] = spec.label_smoothing
    settings |= _schedule(spec.schedule)
    if spec.averaging.active:
        settings["averaging"] = {"kind": spec.averaging.kind}
        if spec.averaging.kind == "swa":
            settings["averaging"]["first"] = spec.averaging.first(spec.epochs)
        else:
            settings["averaging"]["momentum"] = spec.averaging.momentum
    if spec.early_stopping.patience:
        stopping = spec.early_stopping
        settings["early_stopping"] = {
            "patience": stopping.patience,
            "monitor": stopping.monitor,
            "min_change": stopping.min_delta,
            "restore_best": stopping.restore_best_weights,
        }
    return settings


def _schedule(spec: Schedule) -> dict[str, Any]:
    """What differs from a constant learning rate."""
    settings: dict[str, Any] = {}
    if spec.kind == "plateau":
        schedule = spec.model_dump(include={"kind", "factor", "patience"})
        settings["schedule"] = schedule | {"minimum": spec.min_lr}
    elif spec.kind != "constant":
        settings["schedule"] = {"kind": spec.kind}
    if spec.warmup_epochs:
        settings["warmup_epochs"] = spec.warmup_epochs
    return settings


def _augmentation(spec: AugmentationSpec) -> dict[str, Any]:
    """What differs from no augmentation; the filling only where something is moved."""
    if not spec.active:
        return {}
    settings = spec.model_dump(exclude_defaults=True, exclude={"fill_mode", "fill_value"})
    if set(settings) & set(MOVES):
        settings["fill_mode"] = spec.fill_mode
        if spec.fill_mode == "constant":
            settings["fill_value"] = spec.fill_value
    return settings
