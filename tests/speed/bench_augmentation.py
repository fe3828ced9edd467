"""How long a batch of flip, rotation and zoom takes, against Keras's own layers on torch.

Both are timed by turns on one core; drawing and normalising are included on our side, drawing and
rescaling on that of Keras.

    python tests/speed/bench_augmentation.py
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

os.environ["KERAS_BACKEND"] = "torch"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import torch

from cnnbench.data.augmentation import augment, draw_parameters
from cnnbench.data.passes.normalization import fit_normalization
from cnnbench.data.spec import AugmentationSpec

ROUNDS = 7
SIZES = ((64, 28, 28, 1), (20, 150, 150, 3))
SPEC = AugmentationSpec(flip="horizontal", rotation=0.1, zoom=0.1)


def main() -> None:
    torch.set_num_threads(1)
    print(f"milliseconds a batch, one core; median (range) of {ROUNDS}:")
    for size in SIZES:
        images = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
        functions = {"cnnbench": ours(images), "keras": theirs(images)}
        times: dict[str, list[float]] = {name: [] for name in functions}
        for function in functions.values():
            function()
        for _ in range(ROUNDS):
            for name, function in functions.items():
                times[name].append(milliseconds(function))
        print(f"{size[0]} images of {size[1]}x{size[2]}x{size[3]}")
        for name, taken in times.items():
            median = statistics.median(taken)
            print(f"  {name:10} {median:8.2f} ({min(taken):.2f} to {max(taken):.2f})")
        ratios = [one / other for one, other in zip(*times.values(), strict=True)]
        print(f"  ratio      {statistics.median(ratios):8.4f}")


def ours(images: np.ndarray) -> Callable[[], object]:
    count, *shape = images.shape
    scale = fit_normalization(images, np.arange(count), "scale")

    def batch() -> object:
        drawn = draw_parameters(SPEC, seed=0, epoch=0, count=count, shape=tuple(shape))
        return scale.apply(augment(images, drawn, SPEC))

    return batch


def theirs(images: np.ndarray) -> Callable[[], object]:
    layers = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 255),
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(0.1),
            keras.layers.RandomZoom(0.1),
        ]
    )
    tensor = torch.from_numpy(images.astype(np.float32))

    def batch() -> object:
        with torch.no_grad():
            return layers(tensor, training=True)

    return batch


def milliseconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
