"""The folder of a winner: whole or not there, and read as data from anywhere."""

import json
import shutil

import numpy as np
import pytest
from pydantic import ValidationError
from safetensors.numpy import load_file, save_file

from cnnbench.errors import ResultsError
from cnnbench.winner.folder import NewFolder, read_model, read_winner


@pytest.fixture
def copy(taken, tmp_path):
    return shutil.copytree(taken.folder, tmp_path / "copy")


def test_what_is_saved_is_read_back_to_the_bit(taken):
    winner = read_winner(taken.folder)
    assert list(winner.weights) == [
        "conv_1/kernel",
        "conv_1/bias",
        "dense_1/kernel",
        "dense_1/bias",
    ]
    for name, array in winner.weights.items():
        np.testing.assert_array_equal(array, taken.outcome.weights[name])
    normalization = winner.description.preprocessing.scaling.normalization()
    fitted = taken.planned.images.normalization
    np.testing.assert_array_equal(normalization.factor, fitted.factor.reshape(()))
    np.testing.assert_array_equal(normalization.offset, fitted.offset.reshape(()))


def test_nothing_but_plain_files_is_in_it(taken):
    assert sorted(path.name for path in taken.folder.iterdir()) == [
        "history.csv",
        "model.json",
        "predictions.npz",
        "provenance.json",
        "weights.safetensors",
    ]


def changed(**values):
    def change(folder):
        model = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps(model | values))

    return change


def other_arrays(folder):
    arrays = load_file(folder / "weights.safetensors")
    save_file(arrays | {"conv_1/bias": np.zeros(4, np.float32)}, folder / "weights.safetensors")


def cut(folder):
    path = folder / "model.json"
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, r"model\.json is damaged, or of a newer cnnbench: it is wrong \(Invalid JSON"),
        (changed(format=2), r"model\.json was written by a newer cnnbench; update"),
        (changed(classes=["1", "0"]), "not a class for each that the network tells apart"),
        (changed(classes=[]), "classes is wrong"),
        (changed(weights="0" * 64), r"weights\.safetensors is damaged, or not the file"),
        (other_arrays, r"weights\.safetensors is damaged, or not the file that model\.json"),
        (
            lambda folder: (folder / "model.json").unlink(),
            "is no winner's folder, .* cnnbench pick",
        ),
        (lambda folder: (folder / "weights.safetensors").unlink(), "can't be read: it does not"),
    ],
)
def test_what_does_not_belong_together_is_a_sentence(copy, damage, reason):
    damage(copy)
    with pytest.raises(ResultsError, match=reason):
        read_winner(copy)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"height": 4097}, r"preprocessing is wrong \(.*an image has up to 4,096 rows"),
        ({"width": 4097}, "preprocessing.width is wrong"),
        ({"color": None}, "preprocessing.color is wrong"),
    ],
)
def test_images_are_of_a_size_and_a_colour(copy, change, reason):
    told = json.loads((copy / "model.json").read_text())["preprocessing"] | change
    changed(preprocessing={key: value for key, value in told.items() if value is not None})(copy)
    with pytest.raises(ResultsError, match=reason):
        read_model(copy)


def test_what_was_read_can_not_be_changed(taken):
    preprocessing = read_model(taken.folder).preprocessing
    with pytest.raises(ValidationError, match="frozen"):
        preprocessing.height = 9


def test_images_of_another_shape_than_the_networks_are_noticed(copy):
    model = json.loads((copy / "model.json").read_text())
    changed(preprocessing=model["preprocessing"] | {"height": 9})(copy)
    with pytest.raises(ResultsError, match="takes images of another shape"):
        read_winner(copy)


def test_a_folder_that_is_no_winners_is_never_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("a year")
    for replace in (False, True):
        with pytest.raises(ResultsError, match="holds something else: choose another --output"):
            NewFolder(tmp_path / "thesis", replace=replace)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "a year"


def test_a_winner_is_replaced_when_that_is_asked_for_and_the_new_one_is_whole(copy):
    with pytest.raises(ResultsError, match=r"holds a winner already: .*--force"):
        NewFolder(copy, replace=False)
    with NewFolder(copy, replace=True):
        pass
    assert read_winner(copy).weights, "nothing was written, so the old one stays"
    with NewFolder(copy, replace=True) as folder:
        folder.write({"model.json": b"{}"})
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]
    assert [path.name for path in copy.iterdir()] == ["model.json"]


def test_what_cant_be_written_is_known_before_anything_is_trained(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match=r"can't be written to .*: a part of that path is a f"):
        NewFolder(tmp_path / "file" / "winner", replace=False)
