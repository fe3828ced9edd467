"""Arrays beside records: kept with their record, gone with it, and never unpickled."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from cnnbench.errors import ResultsError
from cnnbench.results.record import Status
from cnnbench.results.store import Store
from cnnbench.results.weights import read_weights

WEIGHTS = {
    "conv_1/kernel": np.arange(18, dtype=np.float32).reshape(3, 3, 1, 2).transpose(1, 0, 2, 3),
    "conv_1/bias": np.array([-0.5, 1e-38], np.float32),
}


def test_arrays_are_read_back_to_the_bit_and_by_anybodys_reader(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record(), weights=WEIGHTS)
    file = store.folder / "weights" / "t1.safetensors"
    for found in (read_weights(store.folder, "t1"), load_file(file)):
        assert found.keys() == WEIGHTS.keys()
        for name, array in WEIGHTS.items():
            assert found[name].dtype == np.float32
            np.testing.assert_array_equal(found[name], array)


def test_a_folder_without_arrays_has_no_place_for_them(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record())
    assert not (store.folder / "weights").exists()
    with pytest.raises(ResultsError, match=r"t1 are not kept: .*weights.* run --save-weights"):
        read_weights(store.folder, "t1")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\xff" * 80])
def test_a_damaged_file_is_a_sentence(tmp_path, make_record, content):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record(), weights=WEIGHTS)
    (store.folder / "weights" / "t1.safetensors").write_bytes(content)
    with pytest.raises(ResultsError, match=r"t1\.safetensors can't be read as arrays: "):
        read_weights(store.folder, "t1")


def test_the_arrays_of_a_record_go_with_it(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record("t1"), weights=WEIGHTS)
        store.append(make_record("t2"), weights=WEIGHTS)
        assert store.without_weights(["t1", "t2", "t3"]) == set()
        store.append(make_record("t1"))
        assert store.without_weights(["t1", "t2", "t3"]) == {"t1"}
        store.append(make_record("t2", status=Status.FAILED))
    assert [x.name for x in (store.folder / "weights").iterdir()] == ["t2.safetensors"]
