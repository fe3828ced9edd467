"""Signals: the archives' files, tables, arrays, and what is none of them."""

import io
import zipfile

import numpy as np
import pytest

from cnnbench.data.sources.cache import digest_of, open_images
from cnnbench.data.sources.delivered import checked_facts, checked_images
from cnnbench.data.sources.kept import kept_images
from cnnbench.data.sources.signals import Signals
from cnnbench.data.sources.source import Facts, ImageData, Request
from cnnbench.data.sources.summary import summary_line
from cnnbench.errors import DataError

# From GunPoint and JapaneseVowels, shortened.
HEAD = """#Description: two classes
@problemName Toy
@timestamps false
@missing false
@univariate {univariate}
@equalLength true
@seriesLength 3
@classLabel true {classes}
@data
"""
TRAIN = HEAD.format(univariate="true", classes="up down") + "1,2,3.5:up\n3,2,-1e-3:down\n"
TEST = HEAD.format(univariate="true", classes="up down") + "0,1,2:up\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(path, **keys):
    request = Request(str(path), **keys)
    data = checked_images(Signals().load(request), checked_facts(Signals().facts(request), ""), "")
    assert data.images.shape[2] == 1
    return data


def refused(path, **keys):
    with pytest.raises(DataError) as error:
        Signals().facts(Request(str(path), **keys))
    assert "\n" not in str(error.value)
    return str(error.value)


def labelled(data):
    """The signals of each class, with their channels side by side."""
    pairs = zip(data.labels.tolist(), data.images[:, :, 0].tolist(), strict=True)
    return [(data.classes[label], signal) for label, signal in pairs]


UP_AND_DOWN = [
    ("up", [[1.0], [2.0], [3.5]]),
    ("down", [[3.0], [2.0], [float(np.float32(-1e-3))]]),
]


def test_a_ts_file_is_read_as_floats(tmp_path):
    data = load(write(tmp_path / "Toy.ts", TRAIN))
    assert data.images.dtype == np.float32
    assert labelled(data) == UP_AND_DOWN
    assert data.fixed == {}


@pytest.mark.parametrize("given", ["Toy", "", "Toy/"])
def test_a_set_of_two_files_keeps_its_splits(tmp_path, given):
    write(tmp_path / "Toy" / "Toy_TRAIN.ts", TRAIN)
    write(tmp_path / "Toy" / "Toy_TEST.ts", TEST)
    data = load(tmp_path / "Toy" / given.rstrip("/"))
    assert labelled(data)[:2] == UP_AND_DOWN
    assert data.fixed["test"].tolist() == [2]
    facts = Signals().facts(Request(str(tmp_path / "Toy")))
    assert (facts.shape, facts.signals) == ((3, 1, 1), True)
    assert facts.class_count == {"train": (1, 1), "test": (0, 1)}
    assert summary_line(facts) == (
        "3 signals of 3 values in 2 classes (train + test): down 1+0, up 1+1"
    )


def test_channels_are_the_last_axis(tmp_path):
    text = HEAD.format(univariate="false", classes="1 2") + "1,2,3:4,5,6:1\n7,8,9:0,0,0:2\n"
    assert labelled(load(write(tmp_path / "a.ts", text))) == [
        ("1", [[1, 4], [2, 5], [3, 6]]),
        ("2", [[7, 0], [8, 0], [9, 0]]),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "up\t1\t2\t3.5\ndown\t3\t2\t-1e-3\n"),
        ("a.txt", "  up  1.0  2.0 3.5\n  down  3  2  -1e-3\n"),
        ("a.csv", "up,1,2,3.5\ndown,3,2,-1e-3\n"),
        ("a.csv", "t0;t1;t2;Class\n1;2;3.5;up\n3;2;-1e-3;down\n"),
        ("a.csv", "label,0,1,2\nup,1,2,3.5\ndown,3,2,-0.001\n"),
    ],
)
def test_a_table_has_a_signal_a_line(tmp_path, name, text):
    assert labelled(load(write(tmp_path / name, text))) == UP_AND_DOWN


def test_classes_as_numbers_are_the_same_however_they_are_written(tmp_path):
    data = load(write(tmp_path / "a.txt", " 1.0e+00 5 6\n 1 5 7\n 10 1 1\n 2.5 1 2\n"))
    assert set(data.classes) == {"1", "10", "2.5"}


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 2)])
def test_arrays_are_as_keras_takes_them(tmp_path, shape):
    values = np.random.default_rng(0).standard_normal(shape)
    np.savez(tmp_path / "a.npz", signals=values, labels=[0, 1, 1, 0])
    data = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(data.images[:, :, 0].reshape(shape), values.astype(np.float32))
    arrays = {"x_train": values, "y_train": [0, 1, 1, 0], "x_test": values[:1], "y_test": [0]}
    np.savez(tmp_path / "b.npz", **arrays)
    assert load(tmp_path / "b.npz").fixed["test"].tolist() == [4]


def test_a_set_is_read_in_an_archive_such_as_a_package(tmp_path):
    path = tmp_path / "package.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (("Toy_TRAIN", TRAIN), ("Toy_TEST", TEST)):
            archive.writestr(f"package/data/Toy/{name}.ts", text)
    assert labelled(load(path / "package" / "data" / "Toy"))[:2] == UP_AND_DOWN


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1,2,3:up\n1,?,3:down", "line 11 of {} lacks its value 2: fill in missing values"),
        ("1,2,3:up\n1,x,3:down", "line 11 of {} has 'x' as its value 2, not a number"),
        ("1,2,3:up\n1,2,inf:down", "line 11 of {} holds a value that is not finite"),
        ("1,2,3:up\n1,2:down", "line 11 of {} has 2 values, line 10 has 3 values"),
        ("1,2,3:up\n1,2,3:1,2,3:down", "line 11 of {} has 3 values in 2 channels"),
        ("1,2,3:1,2:up", "the channels of line 10 of {} differ in length: 2, 3"),
        ("1,2,3:up\n1,2,3:left", "has the class 'left', which @classLabel does not name"),
        ("1,2,3:up\n1,2,3:", "line 11 of {} has no class"),
        ("1,2,3", "line 10 of {} has no colon"),
        ("1,2,3:up\n", "has signals of one class only, 'up'"),
        ("", "{} holds no signals"),
    ],
)
def test_what_is_no_signal_is_told_with_its_line(tmp_path, rows, said):
    path = write(tmp_path / "a.ts", HEAD.format(univariate="true", classes="up down") + rows)
    assert said.format(path) in refused(path)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.ts", "1,2,3:up\n", "has no line @data"),
        ("a.ts", TRAIN.replace("@timestamps false", "@timestamps true"), "with timestamps"),
        ("a.ts", TRAIN.replace("@classLabel true up down", "@classLabel false"), "no classes"),
        ("a.csv", "time,value\n1,2\n", "neither a signal, its class first, nor names of columns"),
        ("a.csv", "up,1,2\ndown,1,two\n", "has 'two' as its value 2"),
        ("a.csv", "up,1,2\ndown,1,\n", "line 2 of {} lacks its value 2"),
        (
            "a.csv",
            "up,1,2,3\ndown,1,2\nup,1,2,3\n",
            "line 2 of {} has 2 values, line 1 has 3 values",
        ),
        ("a.csv", "x,y,label\n1,2,up\n1,down\n", "line 3 of {} has no class"),
        ("a.csv", "up\ndown\nup\n", "line 1 of {} has no values"),
        (
            "a.csv",
            "up,1,2\ndown,1e39,2\n",
            "line 2 of {} holds a value that is not finite, or beyond",
        ),
        ("a.csv", "", "holds no signals"),
        ("a.wav", "", "is of no kind that is read: .ts, .tsv, .csv, .txt, .npz"),
    ],
)
def test_files_of_other_kinds_are_refused(tmp_path, name, text, said):
    path = write(tmp_path / name, text)
    assert said.format(path) in refused(path)


def test_a_path_to_nothing_is_answered_with_what_is_there(tmp_path):
    assert "holds no signals; expected are files such as" in refused(tmp_path)
    for name in ("Coffee", "Toast"):
        write(tmp_path / f"{name}_TRAIN.ts", TRAIN)
    assert "did you mean 'Coffee'?" in refused(tmp_path / "Cofee")
    assert "holds several sets of signals (Coffee, Toast): name one" in refused(tmp_path)
    assert f"there is no folder {tmp_path}/x" in refused(tmp_path / "x" / "Toast")
    with pytest.raises(DataError, match="have no image_size: leave it out"):
        Signals().facts(Request(str(tmp_path / "Toast"), image_size=(3, 1)))
    with pytest.raises(DataError, match="have no color: leave it out"):
        Signals().facts(Request(str(tmp_path / "Toast"), color="grey"))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"signals": np.zeros((2, 3))}, "holds signals; expected are signals and labels"),
        ({"signals": np.zeros(2), "labels": [0, 1]}, "of the shape (2,); expected are numbers"),
        ({"signals": np.full((2, 3), np.nan), "labels": [0, 1]}, "missing or not finite"),
        ({"signals": np.full((2, 3), 1e39), "labels": [0, 1]}, "or beyond 3.4e38"),
        ({"signals": np.array(["a", "b"]), "labels": [0, 1]}, "expected are numbers"),
    ],
)
def test_arrays_of_other_shapes_and_values_are_refused(tmp_path, arrays, said):
    np.savez(tmp_path / "a.npz", **arrays)
    assert said in refused(tmp_path / "a.npz")


def test_splits_of_other_lengths_are_refused(tmp_path):
    write(tmp_path / "Toy_TRAIN.ts", TRAIN)
    write(tmp_path / "Toy_TEST.ts", TEST.replace("0,1,2", "0,1"))
    assert "differ in length or channels: train 3 x 1, test 2 x 1" in refused(tmp_path / "Toy")


def test_a_signal_that_is_tested_and_trained_on_is_noted(tmp_path):
    write(tmp_path / "Toy_TRAIN.ts", TRAIN)
    write(tmp_path / "Toy_TEST.ts", TRAIN)
    (note,) = load(tmp_path / "Toy").notes
    assert note.startswith("2 signals occur in more than one of the given splits, for example sig")


def test_the_cache_keeps_floats(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    path = write(tmp_path / "Toy.ts", TRAIN)
    request = Request(str(path))
    for _ in range(2):
        cached = open_images(Signals(), request, verify=True)
        assert cached.images.dtype == np.float32
        np.testing.assert_array_equal(cached.images, load(path).images)
    np.testing.assert_array_equal(kept_images(cached.digest), cached.images)
    assert cached.notes == ()
    write(path, TRAIN.replace("3.5", "3.6"))
    assert open_images(Signals(), request).digest != cached.digest


def test_a_digest_tells_floats_from_the_bytes_that_they_are_made_of():
    floats = np.zeros((2, 4, 1, 1), np.float32)
    labels = np.array([0, 1], np.int32)
    data = ImageData(floats, labels, ("a", "b"))
    assert digest_of(data) != digest_of(ImageData(floats.view(np.uint8), labels, ("a", "b")))


@pytest.mark.parametrize(
    ("values", "shape", "said"),
    [
        (np.zeros((2, 4, 1, 1), np.float64), (4, 1, 1), "not as float32"),
        (np.full((2, 4, 1, 1), np.inf, np.float32), (4, 1, 1), "that are not finite"),
        (np.zeros((2, 4, 2, 1), np.float32), (4, 2, 1), "not (length, 1, channels)"),
    ],
)
def test_signals_of_a_plugin_are_checked(values, shape, said):
    data = ImageData(values, np.array([0, 1], np.int32), ("a", "b"))
    facts = Facts(shape, ("a", "b"), {"all": 2}, signals=True)
    with pytest.raises(DataError) as error:
        checked_images(data, checked_facts(facts, "source 'x'"), "source 'x'")
    assert said in str(error.value)


def test_a_text_of_many_lines_is_read_in_reasonable_time(tmp_path):
    text = io.StringIO()
    values = np.random.default_rng(0).standard_normal((1000, 100)).round(4)
    for row, signal in enumerate(values):
        text.write(",".join(map(str, signal)) + f":{'up' if row % 2 else 'down'}\n")
    head = HEAD.format(univariate="true", classes="up down")
    data = load(write(tmp_path / "a.ts", head + text.getvalue()))
    np.testing.assert_array_equal(data.images[:, :, 0, 0], values.astype(np.float32))
