from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

RECIPE = Path(__file__).parents[3] / "recipes" / "mnist.toml"
ARGUMENTS = ["--data", "keras:mnist", "--backend", "torch", "--dry-run"]
UNREACHABLE = "http://127.0.0.1:1"


@pytest.fixture
def dry_run(datasets, tmp_path):
    """A function that plans the recipe on mnist.npz, where nothing can be downloaded."""

    def run():
        return subprocess.run(
            [sys.executable, "-m", "cnnbench", "run", RECIPE, *ARGUMENTS],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={
                **os.environ,
                "CNNBENCH_CACHE": str(tmp_path / "cache"),
                "https_proxy": UNREACHABLE,
                "HTTPS_PROXY": UNREACHABLE,
            },
        )

    return run


def test_a_recipe_is_planned_on_the_file_that_keras_keeps(datasets, dry_run):
    pixels = np.random.default_rng(0).integers(0, 256, (400, 28, 28), np.uint8)
    digits = np.arange(400, dtype=np.uint8) % 10
    np.savez(
        datasets / "mnist.npz",
        x_train=pixels[:300],
        y_train=digits[:300],
        x_test=pixels[300:],
        y_test=digits[300:],
    )
    done = dry_run()
    assert done.returncode == 0, done.stderr
    assert "convnet" in done.stdout
    assert "dense" in done.stdout


def test_without_the_file_one_sentence_says_where_it_belongs_and_where_it_is(datasets, dry_run):
    done = dry_run()
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert str(datasets / "mnist.npz") in done.stderr
    assert "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz" in done.stderr
    assert "put it in that place" in done.stderr
