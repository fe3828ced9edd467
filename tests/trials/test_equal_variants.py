"""A comparison of a variant with itself is refused, whatever it is that makes two the same."""

import pytest

from cnnbench.data.sources.mnist5k import Mnist5k
from cnnbench.data.sources.source import Request
from cnnbench.errors import RecipeError
from cnnbench.recipe.load import load_recipe
from cnnbench.trials.expand import Known, expand

PLAIN = '[data]\nsource = "mnist5k"\n'


@pytest.fixture
def problems(tmp_path):
    """What is wrong with the trials of a recipe, a sentence each, without the path."""

    def find(text, *overrides):
        path = tmp_path / "study.toml"
        path.write_text(text)
        recipe = load_recipe(path, overrides=overrides, find_source=lambda _: Mnist5k())
        facts = Mnist5k().facts(Request())
        known = {("mnist5k", Request()): Known("digest", facts.shape, facts.classes)}
        with pytest.raises(RecipeError) as error:
            expand(recipe, "torch-native", "cpu", known)
        return [str(each).removeprefix(f"{tmp_path}/") for each in error.value.problems]

    return find


@pytest.mark.parametrize(
    "setting",
    [
        "training.learning_rate = 0.001",
        "training.schedule.patience = 9",
        "training.early_stopping.monitor = 'loss'",
        "network.pool = 2",
        "network.batch_norm_momentum = 0.5",
        "augmentation.fill_mode = 'wrap'",
        "evaluation.exclusive = true",
        "data.classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']",
        "description = 'other words'",
    ],
)
def test_a_variant_that_changes_nothing_that_counts_is_refused_at_its_line(problems, setting):
    text = PLAIN + f'[[variant]]\nname = "a"\n[[variant]]\nname = "b"\n{setting}\n'
    (problem,) = problems(text)
    assert problem.startswith(
        "study.toml:6: variant: variants 'a' and 'b' are the same configuration: change what"
    )


ENSEMBLE = """
[[variant]]
name = "a"
[[variant]]
name = "b"
network.dropout = 0.5
[[variant]]
name = "first"
ensemble = {{ method = "{method}", {keys} }}
[[variant]]
name = "second"
{other}
ensemble = {{ method = "{method}", {others} }}
"""
OF = 'of = ["a", "b"]'


@pytest.mark.parametrize(
    ("method", "keys", "others", "other"),
    [
        ("average", OF, f"{OF}, members = 3", ""),
        ("average", OF, f"{OF}, folds = 3", ""),
        ("average", OF, OF, "network.dense = [7]"),
        ("average", OF, 'of = ["b", "a"]', ""),
        ("average", "members = 3", "members = 3, folds = 3", ""),
        ("bagging", "members = 3", "members = 3, folds = 3", ""),
        ("stacking", OF, f"{OF}, members = 3", ""),
    ],
)
def test_an_ensemble_of_the_same_networks_is_refused(problems, method, keys, others, other):
    """Both would have one id, so that the record of one was kept and the other had none."""
    text = ENSEMBLE.format(method=method, keys=keys, others=others, other=other)
    (problem,) = problems(PLAIN + text)
    assert "variants 'first' and 'second' are the same configuration" in problem


def test_every_repetition_is_told(problems):
    text = PLAIN + "".join(f'[[variant]]\nname = "{name}"\n' for name in "abc")
    assert [problem.split(": variants ")[1][:11] for problem in problems(text)] == [
        "'a' and 'b'",
        "'a' and 'c'",
    ]


def test_an_override_that_makes_variants_equal_is_to_blame(problems):
    (problem,) = problems(
        PLAIN + '[[variant]]\nname = "a"\n[[variant]]\nname = "b"\nnetwork.dropout = 0.5\n',
        "network.dropout=0.1",
    )
    assert (
        "variants 'a' and 'b' are the same configuration, because --set network.dropout" in problem
    )
