"""Prepared sets that are damaged, of another kind, or not there: each told in a sentence."""

import shutil
import sys

import pytest

from cnnbench.data.sources.source import Request
from cnnbench.data.sources.tfds import Tfds
from cnnbench.errors import DataError

from .conftest import content, feature, field, prepared, records, refused


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"fileFormat": "riegeli"},
            "is prepared as riegeli; what is read is tfrecord and array_record: prepare",
        ),
        ({"splits": []}, "tells no splits"),
        (
            {"splits": [{"name": "test", "shardLengths": ["2"]}]},
            "has the splits test, but no train",
        ),
        ({"splits": [{"name": "train", "shardLengths": ["2"] * 3}]}, "lacks pets-train.tfrecord-"),
    ],
)
def test_what_was_prepared_otherwise_is_refused(home, changes, said):
    prepared(home / "pets" / "1.0.0", **changes)
    assert said in refused("pets")


def test_damaged_records_are_told(home):
    folder = prepared(home / "pets" / "1.0.0", {"train": [[(1, 0), (2, 1)]]})
    file = folder / "pets-train.tfrecord-00000-of-00001"
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    assert "ends in the middle of a record: prepare the set again" in refused("pets")
    (folder / "dataset_info.json").touch()
    file.write_bytes(records([field(1, feature("image", field(1, field(1, b"x"))))]))
    (folder / "dataset_info.json").write_text((folder / "dataset_info.json").read_text() + " ")
    assert "holds a record without image and label" in refused("pets")
    file.write_bytes(records([b"\xff" * 20]))
    (folder / "dataset_info.json").write_text((folder / "dataset_info.json").read_text() + " ")
    assert "holds a record without image and label" in refused("pets")


def test_a_damaged_feature_is_told_where_it_is_asked_for(home):
    images = [(row, row % 2, feature("day", field(3, b"\x08"))) for row in range(2)]
    prepared(home / "pets" / "1.0.0", {"train": [images]})
    assert len(content("pets")[0]) == 2
    with pytest.raises(DataError, match="has a record whose day can't be read: prepare the set"):
        Tfds().facts(Request("pets", groups="day"))


def test_damaged_array_records_are_told(home):
    images = [(value, value % 2) for value in range(200)]
    file = "pets-train.array_record-00000-of-00001"
    for damage, said in (
        (lambda whole: whole[:-100], "is no whole ArrayRecord: prepare the set again"),
        (lambda whole: b"", "is no whole ArrayRecord: prepare the set again"),
        (
            lambda whole: whole[:500] + bytes(50) + whole[550:],
            "has a record that can't be unpacked",
        ),
    ):
        folder = prepared(home / said[:6] / "1.0.0", {"train": [images]}, kind="array_record")
        whole = (folder / file).read_bytes()
        (folder / file).write_bytes(damage(whole))
        assert said in refused(folder)
        shutil.rmtree(home)


def test_without_the_library_it_says_what_to_install_or_to_prepare(home, monkeypatch):
    prepared(home / "pets" / "1.0.0", kind="array_record")
    monkeypatch.setitem(sys.modules, "array_record.python.array_record_module", None)
    said = refused("pets")
    assert "is read by the library array_record, which is missing" in said
    assert "pip install array_record" in said
    assert "file_format=tfrecord, which is read without" in said


def test_what_is_not_there_is_said_at_once(home, tmp_path):
    prepared(home / "pets" / "1.0.0")
    assert "tfds:petz is not prepared in" in (said := refused("petz"))
    assert "did you mean 'pets'?" in said
    assert "--download lets TensorFlow Datasets fetch and prepare it" in said
    assert "is no name of a set; write tfds:NAME" in refused("a b")
    assert "is no folder that TensorFlow Datasets prepared" in refused(tmp_path)
