"""The section that says what each variant tries."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.errors import RecipeError
from cnnbench.recipe.load import load_recipe
from cnnbench.recipe.tune import Dimension, TuneSpec, with_values

SOURCES = {source.name: source for source in BUILTIN_SOURCES}
RATE = Dimension(key="training.learning_rate", low=0.0001, high=0.1, scale="log")
RECIPE = """
[data]
source = "digits"
[network]
filters = [4]
[tune]
candidates = {candidates}
space = [{space}]
"""


def load(tmp_path, space, candidates=4, extra=""):
    path = tmp_path / "study.toml"
    path.write_text(RECIPE.format(candidates=candidates, space=space) + extra)
    return load_recipe(path, find_source=SOURCES.__getitem__)


@pytest.mark.parametrize(
    ("dimension", "fraction", "value"),
    [
        (RATE, 0.0, 0.0001),
        (RATE, 1 / 3, 0.001),
        (RATE, 0.5, 0.00316),
        (Dimension(key="x", low=0.2, high=0.6), 0.25, 0.3),
        (Dimension(key="x", low=1, high=4), 0.0, 1),
        (Dimension(key="x", low=1, high=4), 0.999, 4),
        (Dimension(key="x", choices=(8, 16, 32)), 0.5, 16),
        (Dimension(key="x", choices=("relu", "elu")), 0.49, "relu"),
    ],
)
def test_a_fraction_of_a_range_or_of_choices_is_a_value(dimension, fraction, value):
    assert dimension.at(fraction) == value
    assert type(dimension.at(fraction)) is type(value)


def test_draws_of_a_logarithmic_range_are_even_in_the_exponent():
    spec = TuneSpec(candidates=1000, space=(RATE,))
    exponents = sorted(math.log10(x["training.learning_rate"]) for x in spec.draw(0)[1:])
    # Kolmogorov's 99.9 % limit for 999 draws is 1.95 / sqrt(999) of the range.
    distance = np.abs((np.array(exponents) + 4) / 3 - np.arange(1, 1000) / 999).max()
    assert distance < 1.95 / math.sqrt(999)


def test_the_first_candidate_is_the_variant_as_it_is_and_no_draw_comes_twice():
    choices = Dimension(key="training.batch_size", choices=(8, 16, 32))
    found = TuneSpec(candidates=4, space=(choices,)).draw(0)
    assert found[0] == {}
    assert sorted(x["training.batch_size"] for x in found[1:]) == [8, 16, 32]


def test_a_larger_budget_and_a_further_key_keep_the_draws_there_are():
    few, many = (TuneSpec(candidates=n, space=(RATE,)).draw(3) for n in (4, 9))
    assert many[:4] == few
    other = Dimension(key="network.dropout", low=0.0, high=0.8)
    wider = TuneSpec(candidates=4, space=(other, RATE)).draw(3)
    assert [x.get("training.learning_rate") for x in wider] == [
        x.get("training.learning_rate") for x in few
    ]
    assert TuneSpec(candidates=4, space=(RATE,)).draw(4)[1:] != few[1:]


def test_a_candidate_is_the_configuration_with_its_values_and_tunes_nothing(tmp_path):
    recipe = load(tmp_path, '{ key = "network.dropout", low = 0.1, high = 0.9 }')
    changed = with_values(recipe.variants[0].configuration, {"network.dropout": 0.25})
    assert changed.network.dropout == 0.25
    assert changed.tune == TuneSpec()
    assert changed.training == recipe.variants[0].configuration.training


@pytest.mark.parametrize(
    ("space", "candidates", "words"),
    [
        ("", 4, "there is nothing to tune"),
        ('{ key = "training.learning_rate", low = 1.0, high = 2.0 }', 1, "give 2 or more"),
        ('{ key = "training.learning_rat", low = 1.0, high = 2.0 }', 4, "'training.learning_rate'"),
        ('{ key = "data.train", low = 100, high = 200 }', 4, "no key of network, training or"),
        ('{ key = "training.learning_rate", low = 1.0 }', 4, "give low and high, or choices"),
        ('{ key = "training.learning_rate", low = 1.0, high = 0.5 }', 4, "is not below high"),
        (
            '{ key = "training.learning_rate", low = 0.0, high = 0.5, scale = "log" }',
            4,
            "a logarithmic scale begins above 0",
        ),
        ('{ key = "training.batch_size", low = 1, high = 9, choices = [3] }', 4, "not both"),
        ('{ key = "training.batch_size", low = 0.5, high = 9.5 }', 4, "training.batch_size = 0.5"),
        ('{ key = "network.dropout", low = 0.5, high = 1.5 }', 4, "network.dropout = 1.5"),
        ('{ key = "training.batch_size", choices = [8, 16] }', 4, "give at most 3 candidates"),
        ('{ key = "training.weight_decay", low = 0.1, high = 0.5 }', 4, "has no effect on optim"),
        (
            ", ".join(['{ key = "network.l2", low = 0.1, high = 0.5 }'] * 2),
            4,
            "network.l2 stands there twice",
        ),
        ('{ key = "network.l2", low = 0.1, high = 0.5 }', 0, "has no effect without candidates"),
        ('{ key = "network.l2", low = 0.1, hihg = 0.5 }', 4, "hihg"),
    ],
)
def test_what_can_not_be_tuned_is_said_where_it_stands(tmp_path, space, candidates, words):
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, space, candidates)
    assert words in str(caught.value)
    assert "study.toml:" in str(caught.value)


def test_an_ensemble_is_not_tuned(tmp_path):
    extra = '[ensemble]\nmethod = "bagging"\n'
    with pytest.raises(RecipeError, match="ensembles are not tuned"):
        load(tmp_path, '{ key = "network.l2", low = 0.1, high = 0.5 }', extra=extra)


def test_an_ensemble_is_not_made_of_tuned_variants(tmp_path):
    """It would be of their first candidates, whatever validation images choose."""
    extra = """
[[variant]]
name = "a"
[[variant]]
name = "b"
network.dropout = 0.5
tune = { candidates = 0, space = [] }
[[variant]]
name = "both"
ensemble = { method = "average", of = ["a", "b"] }
tune = { candidates = 0, space = [] }
"""
    with pytest.raises(RecipeError, match=r"ensemble\.of: variant 'both': a is tuned") as caught:
        load(tmp_path, '{ key = "network.l2", low = 0.1, high = 0.5 }', extra=extra)
    assert "b is tuned" not in str(caught.value)
