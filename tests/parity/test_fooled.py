"""Backends that are wrong in whole epochs only are told from honest ones."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

RECIPE = """
title = "Small enough for NumPy"
replicates = 1
[data]
source = "digits"
train = 300
validation = 20
test = 200
[network]
architecture = "dense"
dense = [32]
[training]
epochs = {epochs}
batch_size = 32
learning_rate = {rate}
[[variant]]
name = "dense"
[[variant]]
name = "dropout"
network.dropout = 0.3
"""
WRONG = {
    "long-steps": "the loss of epoch 2 differs by",
    "incomplete": "the loss of epoch 1 differs by",
    "first-order": "the loss of epoch 2 differs by",
    "labels": "the loss of epoch 2 differs by",
}


def verdicts_of(folder, scripted, names, *, epochs, rate):
    """By variant and backend: the verdict and its reason."""
    recipe, output = folder / "study.toml", folder / "parity.csv"
    recipe.write_text(RECIPE.format(epochs=epochs, rate=rate))
    chosen = [part for name in ("reference", *names) for part in ("--backend", name)]
    command = [sys.executable, "-m", "cnnbench", "parity", str(recipe), *chosen]
    subprocess.run(
        [*command, "--output", str(output)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(scripted), *sys.path])},
        check=False,
    )
    with output.open() as rows:
        return {
            (row["variant"], row["backend"]): (row["verdict"], row["reason"])
            for row in csv.DictReader(rows)
        }


@pytest.fixture(scope="module")
def fooling(scripted_as):
    return scripted_as("fooling", Path(__file__).parents[1] / "fooling_plugin.py")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, fooling):
    names = ("honest", *WRONG, "stops", "no-dropout")
    folder = tmp_path_factory.mktemp("fooled")
    return verdicts_of(folder, fooling, names, epochs=20, rate=0.003)


@pytest.mark.parametrize("variant", ["dense", "dropout"])
def test_an_honest_backend_that_rounds_agrees(verdicts, variant):
    verdict, reason = verdicts[variant, "honest"]
    assert verdict == "agree"
    assert reason.endswith(" points of accuracy would have passed")


@pytest.mark.parametrize("variant", ["dense", "dropout"])
@pytest.mark.parametrize("name", WRONG)
def test_a_backend_that_is_wrong_from_the_second_epoch_on_or_in_whole_epochs_differs(
    verdicts, variant, name
):
    verdict, reason = verdicts[variant, name]
    assert verdict == "differ"
    assert reason.startswith(WRONG[name])


def test_a_backend_that_stops_training_half_way_differs(verdicts):
    verdict, reason = verdicts["dense", "stops"]
    assert verdict == "differ"
    assert reason.startswith("the loss of epoch 11 differs by")


def test_a_backend_that_ignores_dropout_differs_where_there_is_some(verdicts):
    assert verdicts["dense", "no-dropout"][0] == "agree"
    verdict, reason = verdicts["dropout", "no-dropout"]
    assert verdict == "differ"
    assert reason.startswith("with dropout the mean loss of the first epochs differs by")


def test_stopping_after_ten_of_twelve_hot_epochs_does_not_pass_for_agreement(tmp_path, fooling):
    found = verdicts_of(tmp_path, fooling, ("honest", "stops"), epochs=12, rate=0.02)
    assert found["dense", "honest"][0] == "agree"
    assert found["dense", "stops"][0] == "differ"
