"""A winner that takes signals: picked, and asked about files of them."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

import cnnbench
from cnnbench.errors import DataError
from cnnbench.installed import installed_plugins
from cnnbench.winner.explanation.explanation import ExplainRequest, explain_images
from cnnbench.winner.explanation.finding import SubjectAsked, find_subject
from cnnbench.winner.explanation.picture import explanation_picture

from .conftest import run_study, scripted_found, take_home

pytestmark = pytest.mark.usefixtures("scripted_path")
LENGTH = 24


def waves(count, seed):
    """Signals with a bump early ("early") or late ("late"), of two channels, in odd units."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    place = np.where(labels == 0, 6, 18)[:, np.newaxis] + rng.integers(-2, 3, (count, 1))
    bump = 40 * np.exp(-((np.arange(LENGTH) - place) ** 2) / 4)
    noise = rng.normal(0, 1, (count, LENGTH, 2))
    signals = np.stack([bump, 0.01 * bump], axis=2) + noise * [1, 0.01]
    return signals.astype(np.float32), np.array(["early", "late"])[labels]


RECIPE = """
replicates = 2
[data]
source = "signals:waves.npz"
train = 60
validation = 20
test = 20
normalization = "standardize"
[network]
filters = [4]
kernel = 5
dense = []
[training]
epochs = 6
optimizer = "adam"
learning_rate = 0.01
"""


@pytest.fixture(scope="module")
def winner(scripted, tmp_path_factory):
    """The folder of a network of 24 values in two channels, and its last training."""
    folder = tmp_path_factory.mktemp("waves")
    signals, labels = waves(100, 0)
    np.savez(folder / "waves.npz", signals=signals, labels=labels)
    with scripted_found(scripted):
        run_study(folder / "study.toml", RECIPE, save_weights=True)
        home = take_home(folder / "results", folder / "winner")
    return folder / "winner", home.trained, signals


@pytest.fixture
def files(tmp_path):
    """Three signals as .ts with classes and without, and as .npz."""
    signals, labels = waves(3, 1)
    lines = [
        ":".join(",".join(f"{x:.9g}" for x in channel) for channel in signal.T)
        for signal in signals
    ]
    head = "# made up\n@problemName waves\n@univariate false\n@classLabel {}\n@data\n"
    named = [f"{line}:{label}" for line, label in zip(lines, labels, strict=True)]
    (tmp_path / "named.ts").write_text(head.format("true early late") + "\n".join(named))
    (tmp_path / "plain.ts").write_text(head.format("false") + "\n".join(lines))
    np.savez(tmp_path / "named.npz", x_test=signals, y_test=labels)
    np.savez(tmp_path / "plain.npz", whatever=signals.astype(np.float64))
    return tmp_path, signals, labels


def test_the_test_signals_have_the_recorded_probabilities(winner):
    folder, trained, signals = winner
    kept = trained.predictions
    probabilities = cnnbench.Predictor(folder).predict_proba(signals[kept.rows])
    np.testing.assert_allclose(probabilities, kept.probabilities, atol=1e-6)
    assert trained.accuracy > 0.9


def test_files_with_and_without_classes_are_predicted_as_their_numbers(winner, files):
    predictor = cnnbench.Predictor(winner[0])
    folder, signals, labels = files
    expected = predictor.predict_proba(signals)
    for name in ("named.ts", "plain.ts", "named.npz", "plain.npz"):
        found = predictor.predict_proba(folder / name)
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=name)
    assert predictor.predict(folder / "plain.ts").tolist() == labels.tolist()
    np.testing.assert_array_equal(predictor.predict_proba(f"{folder}/named.ts:2"), found[1:2])


def test_a_folder_gives_a_row_a_signal_and_a_bad_file_costs_its_own(command, winner, files):
    folder = files[0]
    (folder / "short.ts").write_text("@data\n1,2,3:4,5,6\n")
    for name in ("named.ts", "named.npz", "plain.npz"):
        (folder / name).unlink()
    done = command("predict", winner[0], folder, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    names = [f"{folder}/plain.ts:{row}" for row in (1, 2, 3)]
    assert [row["signal"] for row in rows] == [*names, f"{folder}/short.ts"]
    assert [row["class"] for row in rows] == ["early", "late", "early", ""]
    assert rows[3]["reason"] == (
        f"line 2 of {folder}/short.ts has 3 values, and the network takes signals of 24: cut or "
        "pad them as those it was trained on"
    )
    assert (done.returncode, done.stderr) == (1, "note: 1 of 4 signals can't be read\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("@data\n" + ",".join("1" * 24) + "\n", "line 2 of .* has 1 parts with colons between the"),
        ("1,2\n", "has no line @data"),
        ("@data\n", "holds no signals"),
        ("@data\n" + ":".join([",".join("x" * 24)] * 2), "'x' as its value 1, not a number"),
    ],
)
def test_what_is_no_signal_is_a_sentence(winner, tmp_path, content, said):
    (tmp_path / "odd.ts").write_text(content)
    with pytest.raises(DataError, match=said):
        cnnbench.Predictor(winner[0]).predict(tmp_path / "odd.ts")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((2, 23, 2)), "the array has 23 values, and the network takes signals of 24"),
        (np.zeros((2, 24)), "has signals of 1 channels, and the network takes 2"),
        (np.full((2, 24, 2), np.nan), "values that are missing or not finite"),
        (np.zeros(24), r"are float64 of the shape \(24,\); expected are numbers, \(n, length\)"),
        (np.full((2, 24, 2), "x"), "expected are numbers"),
    ],
)
def test_arrays_of_another_kind_are_a_sentence(winner, values, said):
    with pytest.raises(DataError, match=said):
        cnnbench.Predictor(winner[0]).predict(values)


def test_a_table_and_a_number_that_is_not_there_are_sentences(winner, files):
    folder = files[0]
    (folder / "flat.csv").write_text(",".join("1" * 24))
    predictor = cnnbench.Predictor(winner[0])
    with pytest.raises(DataError, match="is a table, whose signals have one channel"):
        predictor.predict(folder / "flat.csv")
    with pytest.raises(DataError, match=r"plain\.ts has 3 signals, and none is number 4"):
        predictor.predict(f"{folder}/plain.ts:4")
    with pytest.raises(DataError, match=r"photo\.png is of no kind that is read: \.ts, "):
        predictor.predict(folder / "photo.png")
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match=r"there is no file of signals in .*empty: name files"):
        predictor.predict(folder / "empty")


@pytest.mark.slow
def test_the_heat_of_a_signal_is_where_its_bump_is(winner, files):
    """A bump of an early and of a late signal, twelve values apart."""
    folder = files[0]
    plugins = installed_plugins()
    for trained in (winner[0], winner[0].parent / "results"):
        subject = find_subject(SubjectAsked(str(trained)), plugins)
        request = ExplainRequest((folder / "named.ts",), backend="scripted")
        explained = explain_images(subject, request, plugins)
        assert explained.names == ("named.ts:1", "named.ts:2", "named.ts:3")
        assert explained.heat.values.shape == (3, 20, 1)
        assert explained.maps[explained.heat.layer].shape == (3, 20, 1, 4)
    hot = [values[:, 0].argmax() + 2 for values in explained.heat.values if values.any()]
    bumps = [
        signal[:, 0].argmax()
        for signal, values in zip(files[1], explained.heat.values, strict=True)
        if values.any()
    ]
    assert hot
    assert np.abs(np.array(hot) - bumps).max() <= 4
    picture = explanation_picture(explained)
    assert "named.ts:1: early" in picture.alt
    for width, pixels in (("double", 2100), ("single", 1050)):
        with Image.open(io.BytesIO(picture.content("png", width))) as drawn:
            assert drawn.width == pixels


def test_more_signals_than_a_picture_holds_are_named_one_by_one(command, winner, tmp_path):
    np.savez(tmp_path / "many.npz", signals=waves(13, 2)[0])
    done = command("explain", winner[0], "--image", tmp_path / "many.npz")
    assert done.stderr == (
        f"cnnbench: a picture holds up to 12 signals, and --image names 13: name single ones, such "
        f"as {tmp_path}/many.npz:1\n"
    )
    done = command("explain", winner[0], "--image", tmp_path / "many.npz:13")
    assert done.returncode == 0, done.stderr
    head, row, wrote = done.stdout.splitlines()
    assert (head.split()[0], row.split()[0]) == ("signal", "many.npz:13")
    assert wrote == "wrote explain.png"
