"""Records of earlier versions stay those of their trials: an identity never changes unnoticed."""

from pathlib import Path

import pytest

from cnnbench.data.requests import request_of
from cnnbench.data.sources import BUILTIN_SOURCES
from cnnbench.recipe.load import load_recipe
from cnnbench.trials.expand import Known, expand

FOLDER = Path(__file__).parents[2] / "recipes"
SOURCES = {source.name: source for source in BUILTIN_SOURCES}
FIRST = {
    "augmentation": ("none", "8d1cc2eda5bdb82b"),
    "batch_norm": ("usual-none", "06a2f1e9e0b52231"),
    "downsampling": ("max-valid", "3243d6169d3c48be"),
    "mnist": ("convnet", "25eee6cb73c97789"),
    "regularization": ("none", "69bccd6396c6ecc0"),
    "small_data": ("over-fit", "484bf4a1ced27549"),
    "smoke": ("convnet", "46ffbdd47b08ea2a"),
}
OTHERS = {
    ("batch_norm", "fast-before"): "cfd02596bd68152d",
    ("downsampling", "average-same"): "957bb504c8eb620f",
    ("downsampling", "stride-valid"): "85d93341263e6311",
    ("mnist", "dense"): "0e63d8968252a2ad",
    ("regularization", "l1_l2"): "65f0aa45a6a4323c",
    ("small_data", "together"): "53e7cf108e101698",
}


def ids_of(name):
    """Of the first replicate, by variant; as if the images had the digest "digest"."""
    recipe = load_recipe(FOLDER / f"{name}.toml", find_source=SOURCES.__getitem__)
    known = {}
    for variant in recipe.variants:
        source, request = request_of(variant.configuration.data)
        facts = SOURCES[source].facts(request)
        known[source, request] = Known("digest", facts.shape, tuple(facts.classes))
    trials = expand(recipe, "torch-native", "cpu", known)
    return {trial.variant: trial.id for trial in trials if trial.replicate == 0}


@pytest.mark.parametrize("name", FIRST)
def test_the_first_trial_of_a_recipe_is_known_by_its_id(name):
    assert next(iter(ids_of(name).items())) == FIRST[name]


@pytest.mark.parametrize(("name", "variant"), OTHERS)
def test_so_are_trials_with_every_kind_of_layer(name, variant):
    assert ids_of(name)[variant] == OTHERS[name, variant]
