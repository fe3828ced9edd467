"""`--save-weights`: the arrays that a trial was judged with, whatever ran it."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_digits

import cnnbench
from cnnbench.errors import OptionsError, ResultsError
from cnnbench.installed import installed_plugins
from cnnbench.planning.prepare import RunOptions, prepare
from cnnbench.results import store
from cnnbench.results.details import read_history, read_predictions
from cnnbench.results.weights import read_weights

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]


def run(path, tmp_path, **options):
    options = {"backend": "scripted", "jobs": 1, "results": tmp_path / "results"} | options
    options["overrides"] = {"replicates": 1} | options.get("overrides", {})
    return {record.variant: record for record in cnnbench.run(path, **options)}


def tiny_network(weights, images):
    """The network of the tiny study, written down once more: convolution, ReLU, mean, softmax."""
    windows = sliding_window_view(images, (3, 3), axis=(1, 2))
    maps = np.einsum("nijcab,abcf->nijf", windows, weights["conv_1/kernel"].astype(float))
    vectors = np.maximum(maps + weights["conv_1/bias"], 0).mean(axis=(1, 2))
    scores = vectors @ weights["dense_1/kernel"] + weights["dense_1/bias"]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def expected(folder, record):
    digits = load_digits().images.reshape(-1, 8, 8, 1)
    rows = read_predictions(folder, record.trial).rows
    pixels = np.round(digits[rows] * (255 / 16)) / 255
    return tiny_network(read_weights(folder, record.trial), pixels)


@pytest.mark.parametrize("executor", ["local", "inline"])
def test_the_arrays_are_those_that_were_judged(recipe, tmp_path, executor):
    changes = {"training.epochs": 4, "training.early_stopping.patience": 3}
    options = {"overrides": changes, "save_weights": True, "executor": executor}
    record = run(recipe(4.5), tmp_path, **options)["other"]
    folder = tmp_path / "results" / "tiny" / "scripted"
    losses = [epoch.val_loss for epoch in read_history(folder, record.trial)]
    assert record.best_epoch == 1 + np.argmin(losses) < len(losses), "the last epoch is not judged"
    judged = read_predictions(folder, record.trial).probabilities
    np.testing.assert_allclose(expected(folder, record), judged, atol=1e-6)


def test_without_the_option_no_arrays_are_kept(recipe, tmp_path):
    record = run(recipe(), tmp_path)["good"]
    with pytest.raises(ResultsError, match="not kept"):
        read_weights(tmp_path / "results" / "tiny" / "scripted", record.trial)


def test_what_is_recorded_without_arrays_runs_again_and_only_that(recipe, tmp_path):
    first = run(recipe(), tmp_path)
    path, plugins = recipe(), installed_plugins()
    options = RunOptions(tmp_path / "results", save_weights=True)
    prepared = prepare(path, ["scripted"], plugins, options, overrides={"replicates": 1})
    assert len(prepared.missing) == 2
    assert "2 trials are recorded without the arrays that are asked for, and run again" in (
        prepared.notes
    )
    kept = run(path, tmp_path, save_weights=True)
    assert all(kept[name].started > first[name].started for name in first)
    assert {x.trial for x in kept.values()} == {x.trial for x in first.values()}
    assert run(path, tmp_path, save_weights=True) == kept == run(path, tmp_path)


def test_arrays_that_nothing_starts_from_are_not_read_again(recipe, tmp_path, monkeypatch):
    run(recipe(), tmp_path)
    read = []
    monkeypatch.setattr(store, "weights_digest", lambda _, trial: read.append(trial) or "")
    kept = run(recipe(), tmp_path, save_weights=True)
    assert {record.status for record in kept.values()} == {"ok"}
    assert not read


def test_a_trial_that_diverged_has_no_arrays(recipe, tmp_path):
    record = run(recipe(6.0), tmp_path, save_weights=True)["other"]
    assert record.diverged
    folder = tmp_path / "results" / "tiny" / "scripted" / "weights"
    assert len(list(folder.iterdir())) == 1


def test_the_option_is_true_or_false(recipe, tmp_path):
    with pytest.raises(OptionsError, match="save_weights is 'yes', expected True or False"):
        run(recipe(), tmp_path, save_weights="yes")
