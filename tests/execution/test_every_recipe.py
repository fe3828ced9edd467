"""Every recipe trains every variant on every backend: an epoch, on few images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

pytestmark = [pytest.mark.framework, pytest.mark.slow]
RECIPES = {path.stem: path for path in (Path(__file__).parents[2] / "recipes").glob("*.toml")}
SHORT = {"replicates": 1, "training.epochs": 1}
SMALL = {"data.train": 20, "data.validation": 10, "data.test": 10}
FEW = SHORT | SMALL
PHOTOS = FEW | {"data.image_size": [64, 64], "transfer.weights": "random"}
OWN = {
    "cats_vs_dogs": PHOTOS,
    "cross_validation": SHORT | {"evaluation.folds": 2},
    "ensembles": SMALL | {"replicates": 1},  # whose variants differ in epochs
    "flowers": PHOTOS,
    "learning_curve": SHORT | {"data.validation": 10, "data.test": 10},
    "photos": PHOTOS,
    "transfer": PHOTOS,
    "weather": PHOTOS,
}
"""What is asked of those that can't be cut down as the others are."""
LESS = {
    "ensembles": {
        "\nepochs = 12": "\nepochs = 1",
        "training.epochs = 60": "training.epochs = 2",
        "ensemble.members = 5": "ensemble.members = 2",
        "ensemble.folds = 4": "ensemble.folds = 2",
    },
    "tuned_small_data": {"\ncandidates = 12": "\ncandidates = 2"},
}
"""What an override can't make smaller, as it would be asked of every variant."""
RUN = """
import gc, json, sys
import cnnbench

backend, results, asked = sys.argv[1], sys.argv[2], json.load(sys.stdin)
for path, data, overrides in asked:
    records = cnnbench.run(
        path, backend, data=data, overrides=overrides, results=results, executor="inline",
        progress=False,
    )
    print(json.dumps([path, [[x.variant, x.status.value, x.reason] for x in records]]), flush=True)
    gc.freeze()  # the framework is imported by now, and need not be walked again for each trial
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """By recipe, what is given for the images that it waits for."""
    folder = tmp_path_factory.mktemp("data")
    draws = np.random.default_rng(1)
    for name in ("cat", "dog"):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(30):
            pixels = draws.integers(0, 256, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / name / f"{number}.png")
    for part in ("TRAIN", "TEST"):
        rows = [",".join([x, *map(str, draws.normal(size=64))]) for x in "ab" for _ in range(20)]
        (folder / f"Toy_{part}.csv").write_text("\n".join(rows))
    photos = {name: str(folder / "photos") for name, asked in OWN.items() if asked is PHOTOS}
    return photos | {"signals": f"signals:{folder}/Toy"}


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    """All of them, some cut down."""
    folder = tmp_path_factory.mktemp("recipes")
    for name, path in RECIPES.items():
        text = path.read_text(encoding="utf-8")
        for long, short in LESS.get(name, {}).items():
            assert long in text
            text = text.replace(long, short)
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


class EveryRecipe:
    """A class for each backend, as processes that test share out classes."""

    backend: str
    environment: ClassVar[Mapping[str, str]] = {}

    @pytest.mark.timeout(3600)
    @pytest.mark.long
    def test_every_variant_of_every_recipe_trains(self, data, recipes, tmp_path, monkeypatch):
        # What is kept of earlier runs would spare computing it.
        monkeypatch.setenv("CNNBENCH_CACHE", str(recipes / "cache"))
        asked = [
            [str(recipes / f"{name}.toml"), data.get(name), OWN.get(name, FEW)]
            for name in sorted(RECIPES)
        ]
        done = subprocess.run(
            [sys.executable, "-c", RUN, self.backend, str(tmp_path)],
            input=json.dumps(asked), capture_output=True, text=True, check=False,
            env=os.environ | self.environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = dict(json.loads(line) for line in done.stdout.splitlines())
        assert list(found) == [path for path, _, _ in asked]
        assert all(found.values())
        failed = {path: [x for x in rows if x[1] != "ok"] for path, rows in found.items()}
        assert not {path: rows for path, rows in failed.items() if rows}


class TestJax(EveryRecipe):
    backend = "jax"
    # What compiles takes most of the time here, and each program runs a few steps alone.
    environment: ClassVar = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}


class TestTensorflow(EveryRecipe):
    backend = "tensorflow"


class TestTorch(EveryRecipe):
    backend = "torch"


class TestTorchNative(EveryRecipe):
    backend = "torch-native"
