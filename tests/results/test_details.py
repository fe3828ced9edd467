from __future__ import annotations

import csv
import pickle

import numpy as np
import pytest

from cnnbench.errors import ResultsError
from cnnbench.results.details import read_history, read_predictions
from cnnbench.results.store import Store


@pytest.fixture
def folder(tmp_path, make_record, history):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(
            make_record(),
            history=history,
            predictions=np.eye(3, dtype=np.float32),
            rows=np.arange(3),
            labels=np.arange(3, dtype=np.int32),
        )
    return store.folder


def test_a_history_is_a_table_that_any_program_reads(folder):
    with (folder / "history" / "t1.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [row["val_accuracy"] for row in rows] == ["", "0.5", "0.5"]
    assert float(rows[0]["loss"]) == 1 / 3  # no digit is lost


@pytest.mark.parametrize("read", [read_history, read_predictions])
def test_a_trial_without_details_is_named(folder, read):
    with pytest.raises(ResultsError, match="trial t9 has no"):
        read(folder, "t9")


@pytest.mark.parametrize("read", [read_history, read_predictions])
def test_a_trial_id_can_not_lead_out_of_the_folder(folder, read):
    with pytest.raises(ResultsError, match="not an id"):
        read(folder, "../../etc/passwd")


@pytest.mark.parametrize("content", [b"epoch,loss\n1,abc\n", b"\xff\xfe", b"a\n1\n"])
def test_a_damaged_history_is_named(folder, content):
    (folder / "history" / "t1.csv").write_bytes(content)
    with pytest.raises(ResultsError, match=r"t1\.csv can't be read as a history"):
        read_history(folder, "t1")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"nonsense"])
def test_damaged_predictions_are_named(folder, content):
    (folder / "predictions" / "t1.npz").write_bytes(content)
    with pytest.raises(ResultsError, match=r"t1\.npz can't be read as predictions"):
        read_predictions(folder, "t1")


def test_nothing_is_unpickled(folder, tmp_path):
    class Harmful:
        def __reduce__(self):
            return (open, (str(tmp_path / "harmed"), "w"))

    path = folder / "predictions" / "t1.npz"
    harmful = np.array([Harmful()], dtype=object)
    np.savez(path, probabilities=harmful, rows=harmful, labels=harmful)
    with pytest.raises(ResultsError, match="can't be read as predictions"):
        read_predictions(folder, "t1")
    path.write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(ResultsError, match="can't be read as predictions"):
        read_predictions(folder, "t1")
    assert not (tmp_path / "harmed").exists()


def test_predictions_come_with_their_rows_and_labels(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store, pytest.raises(ValueError, match="rows"):
        store.append(make_record(), predictions=np.eye(2, dtype=np.float32))
