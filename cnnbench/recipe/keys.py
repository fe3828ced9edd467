"""Every key of a recipe by its dotted name, and what people call some of them elsewhere."""

from __future__ import annotations

from cnnbench.errors import nearest
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.file import Header, fields_of, places_of
from cnnbench.recipe.setting import dotted

SYNONYMS = {
    "batch": "training.batch_size",
    "batchsize": "training.batch_size",
    "bs": "training.batch_size",
    "drop_connect_rate": "network.stochastic_depth",
    "drop_path_rate": "network.stochastic_depth",
    "ema": "training.averaging.kind",
    "ema_momentum": "training.averaging.momentum",
    "eta": "training.learning_rate",
    "lr": "training.learning_rate",
    "img_size": "data.image_size",
    "imgsz": "data.image_size",
    "size": "data.image_size",
    "n_epochs": "training.epochs",
    "nb_epoch": "training.epochs",
    "num_epochs": "training.epochs",
    "n_train": "data.train",
    "n_test": "data.test",
    "n_validation": "data.validation",
    "swa": "training.averaging.kind",
    "swa_start": "training.averaging.start",
    "use_ema": "training.averaging.kind",
    "val": "data.validation",
    "optim": "training.optimizer",
    "clip_grad_norm": "training.global_clipnorm",
    "clipnorm": "training.global_clipnorm",
    "gradient_clip_val": "training.global_clipnorm",
    "max_grad_norm": "training.global_clipnorm",
    "random_state": "seed",
    "repeats": "replicates",
    "runs": "replicates",
    "seeds": "replicates",
    "warmup": "training.schedule.warmup_epochs",
    "wd": "training.weight_decay",
}
"""Words of other programs, without regard to case and with _ for -, and the key that is meant."""


def recipe_keys() -> dict[str, str]:
    """The dotted keys that --set takes, each with its description."""
    fields = [*fields_of(Header), *fields_of(Configuration)]
    return {dotted(key): field.description or "" for key, field in fields}


def keys_meant(word: str) -> list[str]:
    """The dotted keys that a word probably stands for, none if nothing is like it.

    Its last part counts if it is a key's, then what other programs call it, then what is nearest.
    """
    name = word.strip("-").replace("-", "_").lower()
    if known := SYNONYMS.get(name):
        return [known]
    keys = recipe_keys()
    if name in keys:
        return [name]
    if places := places_of(name):
        return places
    near = nearest(name, [key.rpartition(".")[2] for key in keys], cutoff=0.8)
    return places_of(near) if near and abs(len(near) - len(name)) <= 2 else []  # noqa: PLR2004 - slips
