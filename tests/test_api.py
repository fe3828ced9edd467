"""cnnbench as a library."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import cnnbench
from cnnbench.errors import CnnbenchError, OptionsError, RecipeError, ResultsError

pytestmark = pytest.mark.usefixtures("scripted_path")


@pytest.mark.slow
def test_a_study_runs_and_compares_in_three_lines(recipe, tmp_path):
    records = cnnbench.run(recipe(), backend="scripted", results=tmp_path)
    frame = cnnbench.compare(tmp_path)
    assert len(records) == 4
    assert list(frame["variant"]) == ["good", "other"]
    accuracies = [r.metrics["test"]["accuracy"] for r in records if r.variant == "good"]
    by_hand = sum(accuracies) / 2
    assert frame["test_accuracy_mean"][0] == pytest.approx(by_hand)


@pytest.mark.slow
def test_several_backends_are_compared_by_backend(recipe, tmp_path):
    cnnbench.run(recipe(), backend=["scripted", "rounded"], results=tmp_path)
    frame = cnnbench.compare(tmp_path, by="backend")
    assert set(frame["backend"]) == {"scripted", "rounded"}


@pytest.mark.slow
def test_folders_can_be_compared_as_a_list(recipe, tmp_path):
    cnnbench.run(recipe(), "scripted", results=tmp_path / "one", executor="inline")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    folders = [tmp_path / "one", str(tmp_path / "two")]
    assert cnnbench.compare(folders).equals(cnnbench.compare(*folders))


def test_an_empty_list_of_folders_is_refused():
    with pytest.raises(ResultsError, match="no records in no path"):
        cnnbench.compare([])


def test_overrides_are_python_values(recipe, tmp_path):
    changes = {"training.epochs": 1, "data.classes": ["1", "7"], "training.optimizer": "adam"}
    asked = {"results": tmp_path, "overrides": changes | {"replicates": 1}}
    record = cnnbench.run(recipe(), "scripted", executor="inline", **asked)[0]
    assert record.epochs == 1
    assert record.samples.classes == ("1", "7")
    assert record.settings["training"]["optimizer"] == "adam"


def test_a_wrong_override_is_an_expected_error(recipe, tmp_path):
    with pytest.raises(RecipeError, match="did you mean 'epochs'"):
        cnnbench.run(recipe(), backend="scripted", overrides={"training.epoch": 1})


def test_overrides_may_be_numpy_numbers_paths_and_tables(recipe, tmp_path):
    changes = {
        "training": {"epochs": np.int64(1), "early_stopping": {"patience": 2}},
        "network.filters": np.array([3]),
        "title": Path('a "quoted" title 😀'),
        "replicates": 1,
    }
    asked = {"results": tmp_path, "overrides": changes}
    record = cnnbench.run(recipe(), "scripted", executor="inline", **asked)[0]
    assert record.settings["training"]["epochs"] == 1
    assert record.settings["training"]["early_stopping"]["patience"] == 2
    assert record.settings["network"]["filters"] == [3]
    assert cnnbench.compare(tmp_path)["n"].tolist() == [1, 1]
    plan = (tmp_path / "tiny" / "scripted" / "plan.json").read_text()
    assert json.loads(plan)["title"] == 'a "quoted" title 😀'


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "training.epochs: got None, which no key has; leave it out"),
        (object(), "training.epochs: got a value of type object, which a recipe can't hold"),
        (float("nan"), "training.epochs: nan is not a number"),
    ],
)
def test_an_override_that_no_recipe_can_hold_is_an_expected_error(recipe, value, sentence):
    with pytest.raises(RecipeError) as refused:
        cnnbench.run(recipe(), backend="scripted", overrides={"training.epochs": value})
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"jobs": 0}, "jobs is 0, expected at least 1"),
        ({"jobs": -1}, "jobs is -1, expected at least 1"),
        ({"timeout": -1}, "timeout is -1, expected a number of seconds above 0"),
        ({"timeout": 0.0}, "timeout is 0.0, expected"),
        ({"timeout": float("nan")}, "timeout is nan, expected"),
        ({"device": "tpu"}, "device is 'tpu', expected auto, cpu, gpu"),
        ({"device": ["cpu"]}, r"device is \['cpu'\], expected auto, cpu, gpu"),
        ({"jobs": 1.5}, "jobs is 1.5, expected at least 1 trial"),
        ({"jobs": True}, "jobs is True, expected at least 1 trial"),
        ({"timeout": "9"}, "timeout is '9', expected a number of seconds"),
        ({"executor": None}, "executor is None, expected a name, e.g. 'local'"),
        ({"force": "no"}, "force is 'no', expected True or False"),
        ({"data": 3}, "data is 3, expected a path"),
        ({"overrides": ["a=1"]}, r"overrides is \['a=1'\], expected keys and values, e.g."),
        ({"backend": [3]}, "backend is 3, expected text"),
        ({"backend": b"torch"}, "backend is b'torch', expected text, or a list of texts"),
        ({"results": None}, "results is None, expected a path"),
    ],
    ids=str,
)
def test_options_that_cant_be_are_an_expected_error(recipe, tmp_path, options, sentence):
    with pytest.raises(OptionsError, match=sentence):
        cnnbench.run(recipe(), **{"backend": "scripted", "results": tmp_path, **options})


def test_a_recipe_that_is_no_path_is_an_expected_error():
    with pytest.raises(OptionsError, match="recipe is 3, expected a path"):
        cnnbench.run(3)


@pytest.mark.parametrize(
    ("path", "options", "sentence"),
    [
        (3, {}, "paths is 3, expected a path"),
        ([None], {}, "paths is None, expected a path"),
        (".", {"metric": None}, "metric is None, expected text"),
        (".", {"baseline": 3}, "baseline is 3, expected text"),
        (".", {"split": None}, "split is None, expected text"),
    ],
    ids=str,
)
def test_what_can_not_be_compared_is_an_expected_error(path, options, sentence):
    with pytest.raises(CnnbenchError, match=sentence):
        cnnbench.compare(path, **options)


@pytest.mark.slow
def test_a_comparison_by_anything_else_is_an_expected_error(recipe, tmp_path):
    cnnbench.run(recipe(), backend="scripted", results=tmp_path, executor="inline")
    for by in (None, "fold", 3, ["variant"]):
        with pytest.raises(CnnbenchError, match="by"):
            cnnbench.compare(tmp_path, by=by)


def test_a_folder_s_path_is_a_source_of_images(recipe, tmp_path):
    with pytest.raises(RecipeError, match="holds no images"):
        cnnbench.run(recipe(), backend="scripted", data=tmp_path, results=tmp_path)
