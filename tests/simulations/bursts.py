"""Measure how much better accuracy looks where shots of one scene train and are tested.

    python tests/simulations/bursts.py [--replicates N] [--backend NAME]

A scene is a handwritten digit; a burst of it is the digit a few times, moved by up to a pixel, with
noise of its own. Networks learn from as many shots each time. They are tested on shots drawn one by
one, on shots of scenes that none of the training shots is of, and on a thousand other digits.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import cnnbench
from cnnbench.data.sources.mnist5k import Mnist5k
from cnnbench.data.sources.source import Request

NOISE = 25.0
"""Standard deviation of each pixel, of 255."""
RECIPE = """
baseline = "by shot"
[data]
source = "folder:{bursts}"
color = "grey"
train = {train}
validation = {rest}
test = {rest}
[network]
filters = [16, 32]
[training]
epochs = 30
batch_size = 32
[[variant]]
name = "by shot"
[[variant]]
name = "by scene"
data.groups = "{{group}}_{{number}}.*"
[[variant]]
name = "other digits"
data.source = "folder:{others}"
data.test = 1000
"""
SAID = {
    "by shot": "shots drawn one by one",
    "by scene": "shots of other scenes (`groups`)",
    "other digits": "1,000 other digits, trained as in the first row",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=10)
    parser.add_argument("--backend", default="torch-native")
    options = parser.parse_args()
    print("| tested on | accuracy | standard deviation |\n|---|---|---|")
    for name, accuracies in measured(options.replicates, options.backend).items():
        mean, spread = statistics.mean(accuracies), statistics.stdev(accuracies)
        print(f"| {SAID[name]} | {100 * mean:.1f} % | {100 * spread:.1f} points |")


def measured(
    replicates: int, backend: str, *, scenes: int = 10, shots: int = 5
) -> dict[str, list[float]]:
    """The test accuracies of each way to test. scenes: of each class; shots: of each scene."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train = _draw(folder, scenes, shots)
        recipe = folder / "study.toml"
        places = {"bursts": folder / "bursts", "others": folder / "others"}
        recipe.write_text(RECIPE.format(train=train, rest=train // 3, **places))
        records = cnnbench.run(
            recipe, backend, overrides={"replicates": replicates}, results=folder / "results"
        )
    found: dict[str, list[float]] = {name: [] for name in SAID}
    for record in records:
        found[record.variant].append(record.metrics["test"]["accuracy"])
    return found


def _draw(folder: Path, scenes: int, shots: int) -> int:
    """Write the shots, and beside them the same with other digits as a split for testing."""
    digits = Mnist5k().load(Request())
    rng = np.random.default_rng(1)
    for number, name in enumerate(digits.classes):
        rows = rng.permutation(np.flatnonzero(digits.labels == number))
        for at, row in enumerate(rows[: scenes + 100]):
            image, scene = digits.images[row], f"{at}"
            if at >= scenes:
                _write(folder / "others" / "test" / name / f"{scene}_0.png", _shot(image, rng))
                continue
            for shot in range(shots):
                pixels = _shot(image, rng)
                _write(folder / "bursts" / name / f"{scene}_{shot}.png", pixels)
                _write(folder / "others" / "train" / name / f"{scene}_{shot}.png", pixels)
    return len(digits.classes) * scenes * shots * 3 // 5


def _shot(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    down, right = rng.integers(-1, 2, 2)
    moved = np.roll(image[..., 0], (down, right), (0, 1)) + rng.normal(0, NOISE, image.shape[:2])
    return np.clip(moved.round(), 0, 255).astype(np.uint8)


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


if __name__ == "__main__":
    main()
