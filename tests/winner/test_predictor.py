"""Predicting with a saved winner, from arrays and from files."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score

import cnnbench
from cnnbench.errors import DataError, PluginError
from cnnbench.testing.numpy_backend import NumpyEngine, NumpyModel
from cnnbench.winner.predictor import Predictor

from .conftest import DIGITS

pytestmark = pytest.mark.usefixtures("scripted_path")


@pytest.fixture
def predictor(taken):
    return cnnbench.Predictor(taken.folder)


def test_the_test_images_have_the_recorded_probabilities(predictor, taken):
    probabilities = predictor.predict_proba(DIGITS[taken.outcome.rows])
    # the reference computes in float64, and the arrays are float32
    np.testing.assert_allclose(probabilities, taken.outcome.predictions, atol=1e-6)


def test_a_backend_is_asked_for_an_optimiser_that_it_has(taken, monkeypatch):
    class Sgd(NumpyModel):
        def __init__(self, network, weights, optimization, seed):
            assert optimization.optimizer == "sgd"
            super().__init__(network, weights, optimization, seed)

    predictor = cnnbench.Predictor(taken.folder)
    backend = predictor.backend
    capabilities = dataclasses.replace(backend.capabilities, optimizers=frozenset({"sgd"}))
    monkeypatch.setattr(type(backend), "capabilities", capabilities)
    monkeypatch.setattr(type(backend), "engine", type("Only", (NumpyEngine,), {"model": Sgd}))
    assert predictor.predict_proba(DIGITS[:2]).shape == (2, 3)
    assert predictor.explain(DIGITS[:2]).probabilities.shape == (2, 3)


def test_it_scores_as_a_classifier_of_scikit_learn(predictor, taken):
    rows = taken.outcome.rows
    assert predictor.classes_.tolist() == ["1", "0", "7"]
    predicted = predictor.predict(DIGITS[rows])
    truth = load_digits().target[rows].astype(str)
    recorded = taken.outcome.record.metrics["test"]["accuracy"]
    assert accuracy_score(truth, predicted) == recorded > 0.5


def test_files_and_folders_are_predicted_as_their_pixels(predictor, tmp_path):
    (tmp_path / "more" / "below").mkdir(parents=True)
    Image.fromarray(DIGITS[0]).save(tmp_path / "first.png")
    Image.fromarray(DIGITS[1]).save(tmp_path / "more" / "below" / "third.png")
    Image.fromarray(DIGITS[2]).save(tmp_path / "more" / "a second.png")
    (tmp_path / "more" / ".hidden.png").write_bytes(b"no image")
    (tmp_path / "more" / "notes.txt").write_text("no image")
    from_files = predictor.predict_proba([tmp_path / "first.png", str(tmp_path / "more")])
    np.testing.assert_array_equal(from_files, predictor.predict_proba(DIGITS[[0, 2, 1]]))
    one = predictor.predict_proba(tmp_path / "first.png")
    np.testing.assert_array_equal(one, from_files[:1])


def test_a_photo_in_colour_and_of_another_size_is_made_fit(predictor, photos):
    assert predictor.predict_proba([photos / "2.png"]).shape == (1, 3)
    colour = np.asarray(Image.open(photos / "2.png"))[np.newaxis]
    opaque = np.concatenate([colour, np.full_like(colour[..., :1], 255)], axis=3)
    as_rgb = predictor.predict_proba(colour)
    np.testing.assert_array_equal(predictor.predict_proba(opaque), as_rgb)
    np.testing.assert_allclose(as_rgb.sum(axis=1), 1, atol=1e-6)


def test_a_file_of_16_bits_is_as_bright_as_one_of_8(predictor, tmp_path):
    Image.fromarray(DIGITS[0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    expected = predictor.predict_proba(DIGITS[:1])
    np.testing.assert_array_equal(predictor.predict_proba(tmp_path / "deep.png"), expected)


@pytest.mark.parametrize("name", ["empty.png", "file"])
def test_a_file_that_cant_be_read_names_itself(predictor, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(DataError, match=rf"^{name} can't be read: the file is empty"):
        predictor.predict([name])


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (DIGITS[0], r"shape \(8, 8\); expected is \(n, height, width\)"),
        (np.zeros((2, 8, 8, 2), np.uint8), r"with 1, 3 or 4 channels"),
        (DIGITS / 255, "are float64; expected are pixels in 0..255 as uint8"),
        ([], "neither an array of pixels nor paths"),
        (3, "neither an array of pixels nor paths"),
        ([DIGITS[0]], "neither an array of pixels nor paths"),
    ],
)
def test_what_is_no_image_is_a_sentence(predictor, images, reason):
    with pytest.raises(DataError, match=reason):
        predictor.predict(images)


def test_no_image_has_no_row(predictor):
    assert predictor.predict_proba(np.zeros((0, 8, 8), np.uint8)).shape == (0, 3)


def test_the_backend_that_trained_predicts_if_it_can_and_else_another(taken, tmp_path):
    assert Predictor(taken.folder).backend.name == "scripted"
    assert Predictor(taken.folder).note == ""
    elsewhere = shutil.copytree(taken.folder, tmp_path / "elsewhere")
    model = json.loads((elsewhere / "model.json").read_text())
    (elsewhere / "model.json").write_text(json.dumps(model | {"backend": "absent"}))
    other = Predictor(elsewhere)
    assert other.backend.name != "absent"
    assert other.note == f"{other.backend.name} predicts what absent trained"
    assert Predictor(elsewhere, backend="rounded").backend.name == "rounded"
    with pytest.raises(PluginError, match="backend absent can't run here: its framework is not"):
        Predictor(elsewhere, backend="absent")
    with pytest.raises(PluginError, match="there is no backend 'scriptd'; did you mean"):
        Predictor(elsewhere, backend="scriptd")


def test_a_backend_that_lacks_what_the_network_needs_is_refused(taken, tmp_path):
    half = shutil.copytree(taken.folder, tmp_path / "half")
    model = json.loads((half / "model.json").read_text())
    (half / "model.json").write_text(json.dumps(model | {"precision": "bfloat16"}))
    with pytest.raises(PluginError, match="backend scripted lacks precision bfloat16"):
        Predictor(half, backend="scripted")
