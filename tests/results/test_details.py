from __future__ import annotations

import contextlib
import csv
import io
import os
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbench.errors import ResultsError
from cnnbench.results.details import read_failure, read_history, read_predictions
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


@pytest.mark.parametrize("read", [read_history, read_predictions, read_failure])
def test_a_trial_without_details_is_named(folder, read):
    with pytest.raises(ResultsError, match="trial t9 has no"):
        read(folder, "t9")


@pytest.mark.parametrize("read", [read_history, read_predictions, read_failure])
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


@given(data=st.data())
def test_predictions_damaged_anywhere_are_read_or_named(data):
    arrays = [("probabilities", np.eye(3, dtype=np.float32)), ("rows", np.arange(3))]
    file = io.BytesIO()
    save = data.draw(st.sampled_from([np.savez, np.savez_compressed]))
    save(file, **dict(arrays), labels=np.arange(3, dtype=np.int32))
    content = bytearray(file.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "predictions")
        folder.mkdir()
        (folder / "t1.npz").write_bytes(content[: data.draw(st.integers(0, len(content)))])
        with contextlib.suppress(ResultsError):
            read_predictions(Path(made), "t1")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Unix")
@pytest.mark.parametrize(
    ("read", "name"), [(read_history, "history/t2.csv"), (read_predictions, "predictions/t2.npz")]
)
def test_a_pipe_is_not_waited_for(folder, read, name):
    os.mkfifo(folder / name)
    with pytest.raises(ResultsError, match="it is not a regular file"):
        read(folder, "t2")


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
