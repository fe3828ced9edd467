from pathlib import Path

from cnnbench.cli.again import words_again
from cnnbench.cli.options import RESULTS

PLAIN = {"data": None, "variants": (), "device": "auto", "results": RESULTS}


def test_a_command_without_options_is_short():
    words = words_again(Path("study.toml"), ["torch"], [], **PLAIN)
    assert words == ["cnnbench", "run", "study.toml", "--backend", "torch"]


def test_what_decides_the_study_and_its_place_is_repeated():
    given = {"data": "photos", "variants": ["a", "b"], "device": "cpu", "results": Path("out")}
    words = words_again(Path("study.toml"), ["torch", "jax"], ["seed=3", "replicates=4"], **given)
    assert words[3:] == [
        "--backend",
        "torch,jax",
        "--data",
        "photos",
        "--variant",
        "a",
        "--variant",
        "b",
        "--device",
        "cpu",
        "--results",
        "out",
        "--set",
        "seed=3",
        "--set",
        "replicates=4",
    ]
