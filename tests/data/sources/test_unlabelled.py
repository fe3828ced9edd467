"""Signals to be predicted, from tables with their class and without."""

import numpy as np
import pytest

from cnnbench.data.sources.unlabelled import read_unlabelled
from cnnbench.errors import DataError


@pytest.mark.parametrize(
    "text",
    [
        "a,1,2,3\nb,4,5,6\n",
        "1.0000000e+00\t1\t2\t3\n2\t4\t5\t6\n",
        "1,2,3\n4,5,6\n",
        "1;2;3\n4;5;6\n",
        "t0,t1,label,t2\n1,2,cat,3\n4,5,dog,6\n",
        "t0,t1,t2\n1,2,3\n4,5,6\n",
        "  1 2 3\n  4 5 6\n",
        "\n1,2,3\n\n4,5,6\n",
    ],
)
def test_a_class_need_not_stand_there(tmp_path, text):
    (tmp_path / "waves.csv").write_text(text)
    found = read_unlabelled(tmp_path / "waves.csv", 3, 1)
    assert found.dtype == np.float32
    assert found.shape == (2, 3, 1)
    assert found.ravel().tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "1,2,3\n4,5\n",
            r"line 2 of .*waves\.csv has 2 values, and the network takes",
        ),
        ("1,2,3\n4,5,?\n", r"line 2 of .* lacks its value 3: fill in missing values first"),
        ("1,2,3\n4,x,6\n", r"line 2 of .* has 'x' as its value 2, not a number"),
        ("", r"waves\.csv holds no signals"),
        ("t0,t1,t2\n", r"waves\.csv holds no signals"),
    ],
)
def test_what_cant_be_read_is_a_sentence_with_its_line(tmp_path, text, said):
    (tmp_path / "waves.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        read_unlabelled(tmp_path / "waves.csv", 3, 1)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"a": np.zeros((2, 3)), "b": np.zeros((2, 3))},
            "holds a, b; expected is an array",
        ),
        ({"signals": np.zeros((2, 4))}, "array signals of .* has 4 values, and the network takes"),
        ({"signals": np.zeros((2, 3, 2))}, "has signals of 2 channels, and the network takes 1"),
        ({"signals": np.zeros(3)}, r"is float64 of the shape \(3,\); expected are numbers"),
        ({"signals": np.array([["a", "b", "c"]])}, r"is <U1 of the shape \(1, 3\); expected are n"),
        ({"signals": np.full((1, 3), np.inf)}, "values that are missing or not finite"),
        ({"signals": np.zeros((0, 3))}, "holds no signals"),
    ],
)
def test_arrays_of_another_kind_are_a_sentence(tmp_path, arrays, said):
    np.savez(tmp_path / "waves.npz", **arrays)
    with pytest.raises(DataError, match=said):
        read_unlabelled(tmp_path / "waves.npz", 3, 1)


def test_a_missing_file_is_a_sentence(tmp_path):
    for name in ("waves.csv", "waves.ts", "waves.npz"):
        with pytest.raises(DataError, match=f"there is no file .*{name}"):
            read_unlabelled(tmp_path / name, 3, 1)
