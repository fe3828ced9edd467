"""How long replicates take that are trained as one program, against one after the other.

Both are the same backend's, on the same convnet, images and batches; epochs of the two are timed by
turns in one process. What is measured is steps alone: building and compiling stand apart.

    python tests/speed/bench_stacked.py [BACKEND ...] [--replicates N ...] [--threads N]
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
from turns import by_turns

from cnnbench.data.passes.passes import TrainingPasses
from cnnbench.data.passes.prepared import PreparedImages
from cnnbench.data.passes.scaling import InputScaling
from cnnbench.data.spec import AugmentationSpec
from cnnbench.loading.manager import load_plugins
from cnnbench.network.architectures import build_network
from cnnbench.network.network import Network
from cnnbench.network.spec import NetworkSpec
from cnnbench.network.weights import initial_weights
from cnnbench.plugin.backend import Backend, Engine
from cnnbench.plugin.stacked import ModelLoop, StackedModel
from cnnbench.trials.optimization import Optimization

BACKENDS = ("torch-native", "jax")
SHAPES = {
    "28x28x1, filters 32, 64, 64": ((28, 28, 1), (32, 64, 64)),
    "8x8x1, filters 8, 16": ((8, 8, 1), (8, 16)),
}
IMAGES, BATCH_SIZE, RATE = 512, 64, 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", default=BACKENDS)
    parser.add_argument("--replicates", type=int, nargs="+", default=(2, 5, 10))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        backend = load_plugins().backend(options.backends[0])
        measure(backend, options.device, options.threads, options.rounds, options.replicates)
        return
    print(
        f"an epoch of {IMAGES} images in batches of {BATCH_SIZE}, Adam, {options.threads} "
        f"thread(s); seconds for all replicates, median (range) of {options.rounds} by turns"
    )
    for name in options.backends:
        environment = load_plugins().backend(name).environment(options.device, options.threads)
        numbers = ["--threads", str(options.threads), "--rounds", str(options.rounds)]
        numbers += ["--device", options.device, "--replicates", *map(str, options.replicates)]
        subprocess.run(
            [sys.executable, __file__, name, "--here", *numbers],
            env={**os.environ, **environment},
            check=True,
        )


def measure(
    backend: Backend, device: str, threads: int, rounds: int, counts: Sequence[int]
) -> None:
    engine = backend.open(device, threads)
    versions = ", ".join(f"{name} {version}" for name, version in engine.versions.items())
    print(f"{backend.name} ({versions}, {engine.device}, {threads} thread(s))")
    for title, (shape, filters) in SHAPES.items():
        network = build_network(NetworkSpec(filters=filters), shape, 10)
        for count in counts:
            print(f"  {title}, {count} replicates")
            compare(engine, network, count, rounds)


def compare(engine: Engine, network: Network, count: int, rounds: int) -> None:
    weights = [initial_weights(network, seed) for seed in range(count)]
    passes = [training_passes(network.input_shape, seed) for seed in range(count)]

    def stack() -> StackedModel:
        return engine.build_stacked(network, weights, Optimization(), range(count))

    def loop() -> StackedModel:
        given = enumerate(weights)
        return ModelLoop([engine.build(network, x, Optimization(), seed) for seed, x in given])

    by_turns({"as one": epochs_of(stack, passes), "in turn": epochs_of(loop, passes)}, rounds)


def epochs_of(
    make: Callable[[], StackedModel], passes: Sequence[TrainingPasses]
) -> Callable[[], float]:
    """What trains the next epoch and gives its seconds; the first is done, and its time printed."""
    epochs = itertools.count()

    def next_epoch() -> float:
        epoch = next(epochs)
        given = {number: each.epoch(epoch) for number, each in enumerate(passes)}
        if epoch == 0:
            model.compile(given)
        begun = time.perf_counter()
        model.train_epoch(given, RATE)
        model.synchronize()
        return time.perf_counter() - begun

    begun = time.perf_counter()
    model = make()
    next_epoch()
    seconds = time.perf_counter() - begun
    print(f"  building, compiling and a first epoch of the {make.__name__}: {seconds:.2f} s")
    return next_epoch


def training_passes(shape: tuple[int, int, int], seed: int) -> TrainingPasses:
    """Random images: what is in them changes no time."""
    draw = np.random.default_rng(seed)
    images = draw.random((IMAGES, *shape), np.float32)
    labels = draw.integers(0, 10, IMAGES).astype(np.int32)
    rows = np.arange(IMAGES, dtype=np.int64)
    prepared = PreparedImages.of_rows(images, labels, rows, InputScaling(), AugmentationSpec())
    return TrainingPasses(prepared, BATCH_SIZE, order_seed=seed, augmentation_seed=seed)


if __name__ == "__main__":
    main()
