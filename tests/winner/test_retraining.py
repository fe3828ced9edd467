"""The last training: on which images, for how long, and what is kept of it."""

import json

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from safetensors.numpy import load_file
from sklearn.datasets import load_digits

import cnnbench
from cnnbench.errors import DataError, ResultsError
from cnnbench.results.details import read_predictions
from cnnbench.results.read import read_results
from cnnbench.winner.folder import read_model

from .conftest import take_home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]


def first(study, variant="quick"):
    """What is recorded of a variant's first replicate."""
    (found,) = read_results([study]).studies
    return found.folder, next(x for x in found.records if x.variant == variant and x.replicate == 0)


def test_training_and_validation_images_are_trained_on_and_the_test_images_are_the_same(
    study, taken
):
    folder, record = first(study)
    split = taken.planned.images.split
    assert len(split.train) == record.samples.train + record.samples.validation == 90
    assert not len(split.validation)
    assert not set(split.train) & set(split.test)
    np.testing.assert_array_equal(split.test, read_predictions(folder, record.trial).rows)
    assert taken.outcome.record.samples.train == 90
    assert taken.outcome.record.samples.validation == 0
    assert "validation" not in taken.outcome.record.metrics


def test_as_many_epochs_are_trained_as_counted_in_the_median_trial(study, taken):
    (found,) = read_results([study]).studies
    best = sorted(x.best_epoch for x in found.records if x.variant == "quick")
    assert len(set(best)) > 1, "else the median is tested by nothing"
    assert taken.outcome.record.epochs == best[1]
    rates = [epoch.learning_rate for epoch in taken.outcome.history]
    # cosine over the eight epochs of the recipe, not over those that are trained
    cosine = 0.1 * (1 + np.cos(np.pi * np.arange(best[1]) / 8)) / 2
    assert rates == pytest.approx(cosine.tolist())


def test_the_images_are_scaled_by_what_is_trained_on(taken):
    pixels = np.round(load_digits().images * (255 / 16))[taken.planned.images.split.train]
    scaling = read_model(taken.folder).preprocessing.scaling
    assert scaling.factor == pytest.approx([1 / pixels.std()], rel=1e-6)
    assert scaling.offset == pytest.approx([-pixels.mean() / pixels.std()], rel=1e-6)


def test_the_folder_alone_gives_the_recorded_probabilities(taken):
    """Worked out anew from the folder's files: scaling, convolution, ReLU, softmax."""
    model = json.loads((taken.folder / "model.json").read_text())
    arrays = load_file(taken.folder / "weights.safetensors")
    scaling = model["preprocessing"]["scaling"]
    rows = taken.outcome.rows
    pixels = np.round(load_digits().images[rows] * (255 / 16))
    scaled = pixels[..., np.newaxis] * scaling["factor"][0] + scaling["offset"][0]
    windows = sliding_window_view(scaled, (3, 3), axis=(1, 2))
    maps = np.einsum("nijcab,abcf->nijf", windows, arrays["conv_1/kernel"].astype(float))
    vectors = np.maximum(maps + arrays["conv_1/bias"], 0).reshape(len(rows), -1)
    scores = np.exp(vectors @ arrays["dense_1/kernel"] + arrays["dense_1/bias"])
    expected = scores / scores.sum(axis=1, keepdims=True)
    kept = np.load(taken.folder / "predictions.npz")
    np.testing.assert_allclose(kept["probabilities"], expected, atol=1e-6)
    np.testing.assert_array_equal(kept["probabilities"], taken.outcome.predictions)
    assert model["classes"] == ["1", "0", "7"]
    assert [layer["name"] for layer in model["network"]["layers"]][::2] == ["conv_1", "dense_1"]


def test_where_it_comes_from_is_kept(taken):
    told = json.loads((taken.folder / "provenance.json").read_text())
    assert (told["recipe"], told["variant"], told["seed"]) == ("tiny", "quick", 7)
    assert told["cnnbench"] == cnnbench.__version__
    assert told["record"]["metrics"] == taken.outcome.record.model_dump()["metrics"]
    assert told["record"]["settings"]["training"]["early_stopping"]["patience"] == 2
    assert told["environment"]["backend_versions"].keys() == {"numpy"}
    assert set(told["candidates"]) == {"quick", "slow"}


def test_how_many_test_images_the_choice_has_seen_is_counted(taken):
    """Digits have no test split of their own, so that replicates draw theirs from one pool."""
    tested = set(taken.outcome.rows.tolist())
    overlap = taken.retraining.overlap
    # 2 other replicates with 30 of some 540 images each for validation, 40 test images
    assert 0 < overlap < len(tested)


def test_the_last_training_is_the_same_again(study, taken, tmp_path):
    (outcome,) = take_home(study, tmp_path / "again").trained.outcomes
    np.testing.assert_array_equal(outcome.predictions, taken.outcome.predictions)
    assert outcome.record.trial == taken.outcome.record.trial


def test_other_images_than_those_of_the_records_are_refused(study, tmp_path):
    rng = np.random.default_rng(0)
    labels = np.repeat(["1", "0", "7"], 60)
    images = rng.integers(0, 256, (180, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "others.npz", images=images, labels=labels)
    with pytest.raises(DataError, match=r"others\.npz are not those of the records"):
        take_home(study, tmp_path / "winner", data=str(tmp_path / "others.npz"))
    assert [path.name for path in tmp_path.iterdir()] == ["others.npz"]


def test_images_that_moved_are_found_with_data(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (90, 8, 8), dtype=np.uint8)
    archive = tmp_path / "here.npz"
    np.savez(archive, images=images, labels=np.repeat([0, 1, 2], 30))
    (tmp_path / "study.toml").write_text(
        'replicates = 1\n[data]\nsource = "npz:here.npz"\n'
        '[network]\nfilters = [2]\nhead = "global_average"\ndense = []\n[training]\nepochs = 1\n'
    )
    cnnbench.run(tmp_path / "study.toml", "scripted", results=tmp_path / "results", progress=False)
    moved = archive.rename(tmp_path / "there.npz")
    with pytest.raises(Exception, match=r"there is no file .*here\.npz"):
        take_home(tmp_path / "results", tmp_path / "winner")
    (outcome,) = take_home(
        tmp_path / "results", tmp_path / "winner", data=str(moved)
    ).trained.outcomes
    assert outcome.record.samples.train == 90 - outcome.record.samples.test


def test_a_training_that_fails_leaves_no_folder(tmp_path, monkeypatch):
    (tmp_path / "study.toml").write_text(
        'replicates = 1\n[data]\nsource = "digits"\ntrain = 40\nvalidation = 20\ntest = 30\n'
        '[network]\nfilters = [2]\nhead = "global_average"\ndense = []\n'
        "[training]\nepochs = 1\nlearning_rate = 7.0\n"
    )
    monkeypatch.setenv("SCRIPTED_IS_MENDED", "yes")
    cnnbench.run(tmp_path / "study.toml", "scripted", results=tmp_path / "results", progress=False)
    monkeypatch.delenv("SCRIPTED_IS_MENDED")
    with pytest.raises(ResultsError, match="could not be trained once more: RuntimeError: the ker"):
        take_home(tmp_path / "results", tmp_path / "winner")
    assert not [path for path in tmp_path.iterdir() if "winner" in path.name]
