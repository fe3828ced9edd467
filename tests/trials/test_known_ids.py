"""Records of earlier versions stay those of their trials: an identity never changes unnoticed."""

from pathlib import Path

import pytest

from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.data.sources.requests import request_of
from cnnbench.recipe.load import load_recipe
from cnnbench.trials.expand import Known, expand

FOLDER = Path(__file__).parents[2] / "recipes"
SOURCES = {source.name: source for source in BUILTIN_SOURCES}
FIRST = {
    "augmentation": ("none", "0d9cc43951b6a126"),
    "batch_norm": ("usual-none", "9e8066d7e5992fc4"),
    "downsampling": ("max-valid", "a01f98ec0902598b"),
    "mnist": ("convnet", "913e0e640b8cd4a4"),
    "regularization": ("none", "b537439d08a626b4"),
    "small_data": ("over-fit", "900e843272c03659"),
    "smoke": ("convnet", "9e2870be8969972a"),
}
OTHERS = {
    ("batch_norm", "fast-before"): "340a7b67ed81ef0d",
    ("downsampling", "average-same"): "fe604adfb8fe9541",
    ("downsampling", "stride-valid"): "cdd3c5f7083008e4",
    ("mnist", "dense"): "b0a282948d03f9c3",
    ("regularization", "l1_l2"): "4d6bb0641f2a13df",
    ("small_data", "early_stopping"): "23a115778e1eecb5",
    ("small_data", "together"): "bd28606d2eff32f3",
}
OF_KEYS_WITH_OTHER_NAMES = {
    (): "9e2870be8969972a",
    (
        "training.schedule.kind=plateau",
        "training.schedule.factor=0.5",
        "training.schedule.patience=3",
        "training.schedule.min_lr=0.0001",
    ): "de60a96e2daf1d91",
    (
        "training.early_stopping.patience=4",
        "training.early_stopping.monitor=val_accuracy",
        "training.early_stopping.min_delta=0.01",
        "training.early_stopping.restore_best_weights=false",
    ): "7c3e6c1c15f75341",
}


def ids_of(name, overrides=()):
    """Of the first replicate, by variant; as if the images had the digest "digest"."""
    path = FOLDER / f"{name}.toml"
    recipe = load_recipe(path, overrides=overrides, find_source=SOURCES.__getitem__)
    known = {}
    for variant in recipe.variants:
        source, request = request_of(variant.configuration.data)
        facts = SOURCES[source].facts(request)
        known[source, request] = Known("digest", facts.shape, tuple(facts.classes))
    trials = expand(recipe, "torch-native", "cpu", known).trials
    return {trial.variant: trial.id for trial in trials if trial.replicate == 0}


@pytest.mark.parametrize("name", FIRST)
def test_the_first_trial_of_a_recipe_is_known_by_its_id(name):
    assert next(iter(ids_of(name).items())) == FIRST[name]


@pytest.mark.parametrize(("name", "variant"), OTHERS)
def test_so_are_trials_with_every_kind_of_layer(name, variant):
    assert ids_of(name)[variant] == OTHERS[name, variant]


@pytest.mark.parametrize("overrides", OF_KEYS_WITH_OTHER_NAMES)
def test_so_are_trials_with_keys_that_had_another_name(overrides):
    assert ids_of("smoke", overrides)["convnet"] == OF_KEYS_WITH_OTHER_NAMES[overrides]
