"""cnnbench as a library."""

import pytest

import cnnbench
from cnnbench.errors import RecipeError, ResultsError

pytestmark = pytest.mark.usefixtures("scripted_path")


def test_a_study_runs_and_compares_in_three_lines(recipe, tmp_path):
    records = cnnbench.run(recipe(), backend="scripted", results=tmp_path)
    frame = cnnbench.compare(tmp_path)
    assert len(records) == 4
    assert list(frame["variant"]) == ["good", "other"]
    accuracies = [r.metrics["test"]["accuracy"] for r in records if r.variant == "good"]
    by_hand = sum(accuracies) / 2
    assert frame["test_accuracy_mean"][0] == pytest.approx(by_hand)


def test_several_backends_are_compared_by_backend(recipe, tmp_path):
    cnnbench.run(recipe(), backend=["scripted", "rounded"], results=tmp_path)
    frame = cnnbench.compare(tmp_path, by="backend")
    assert set(frame["backend"]) == {"scripted", "rounded"}


def test_folders_can_be_compared_as_a_list(recipe, tmp_path):
    for name in ("one", "two"):
        cnnbench.run(recipe(), backend="scripted", results=tmp_path / name)
    folders = [tmp_path / "one", str(tmp_path / "two")]
    assert cnnbench.compare(folders).equals(cnnbench.compare(*folders))


def test_an_empty_list_of_folders_is_refused():
    with pytest.raises(ResultsError, match="no records in no path"):
        cnnbench.compare([])


def test_overrides_are_python_values(recipe, tmp_path):
    changes = {"training.epochs": 1, "data.classes": ["1", "7"], "training.optimizer": "adam"}
    record = cnnbench.run(
        recipe(), backend="scripted", results=tmp_path, overrides=changes | {"replicates": 1}
    )[0]
    assert record.epochs == 1
    assert record.samples.classes == ("1", "7")
    assert record.settings["training"]["optimizer"] == "adam"


def test_a_wrong_override_is_an_expected_error(recipe, tmp_path):
    with pytest.raises(RecipeError, match="did you mean epochs"):
        cnnbench.run(recipe(), backend="scripted", overrides={"training.epoch": 1})
