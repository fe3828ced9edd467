"""How long a trial trains through cnnbench's Keras backends, against Keras's own `fit`.

The same convnet, images, order and batches, on each framework with as many threads. Epochs of the
two are timed by turns in one process (so both have the environment that cnnbench gives a worker);
before them, building, compiling and a first epoch. Each framework has a process of its own. Beside
the ratio of seconds stands that of CPU seconds, which what else runs on the machine changes less.

The losses of the two may end 5 % apart, as JAX's do, and both be right: their steps are equal to a
unit in the last place until a decision of the first epoch tips. A nudge of the initial weights by
1e-7 takes cnnbench on JAX from its own loss of that epoch, 1.09586, to Keras's, 1.09579, and so it
does torch-native; after three epochs such nudges spread the loss over 2 %.

    python tests/speed/bench_training.py [BACKEND ...] [--threads N] [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from cnnbench.data.passes.normalization import fit_normalization
from cnnbench.data.passes.passes import TrainingPasses
from cnnbench.data.passes.prepared import PreparedImages
from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.data.sources.requests import request_of
from cnnbench.data.spec import AugmentationSpec, DataSpec
from cnnbench.loading.manager import load_plugins
from cnnbench.network.architectures import build_network
from cnnbench.network.spec import NetworkSpec
from cnnbench.network.weights import initial_weights
from cnnbench.plugin.backend import Backend, Model
from cnnbench.trials.optimization import Optimization

BACKENDS = ("torch", "tensorflow", "jax")
IMAGES, BATCH_SIZE, RATE = 4000, 64, 1e-3
TARGET = 1.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", default=BACKENDS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(load_plugins().backend(options.backends[0]), options.threads, options.rounds)
        return
    print(
        f"one epoch of {IMAGES} images of 28x28x1 in batches of {BATCH_SIZE}, Adam, "
        f"{options.threads} thread(s); seconds, median (range) of {options.rounds} by turns; "
        f"target: at most {TARGET}"
    )
    for name in options.backends:
        environment = load_plugins().backend(name).environment("cpu", options.threads)
        numbers = ["--threads", str(options.threads), "--rounds", str(options.rounds)]
        subprocess.run(
            [sys.executable, __file__, name, "--here", *numbers],
            env={**os.environ, **environment},
            check=True,
        )


def measure(backend: Backend, threads: int, rounds: int) -> None:
    engine = backend.open("cpu", threads)
    versions = ", ".join(f"{name} {version}" for name, version in engine.versions.items())
    passes = training_passes()
    network = build_network(NetworkSpec(), (28, 28, 1), 10)

    def build() -> Model:
        model = engine.build(network, initial_weights(network, 0), Optimization(), 0)
        model.compile(passes.epoch(0))
        return model

    model, ours_first = timed(build)
    ours, ours_epoch = epochs_of_cnnbench(model, passes)
    _, first = timed(ours)
    theirs_model, theirs_first = timed(keras_model)
    theirs, theirs_epoch = epochs_of_keras(theirs_model, passes)
    _, theirs_fit = timed(theirs)
    print(f"{backend.name} ({versions}, {threads} thread(s))")
    print(f"  build, compile, epoch 1  {ours_first + first:7.2f}", end="")
    print(f"  Keras {theirs_first + theirs_fit:7.2f}")
    seconds, cpu_seconds = rounds_by_turns((ours, theirs), rounds)
    for name, times in zip(("cnnbench", "Keras fit"), zip(*seconds, strict=True), strict=True):
        print(f"  {name:10} {spread(times)}")
    print(f"  ratio      {spread([a / b for a, b in seconds])}, n = {rounds}")
    print(f"  of CPU     {spread([a / b for a, b in cpu_seconds])}")
    print(f"  loss after the same epochs: {ours_epoch[-1]:.4f}, Keras {theirs_epoch[-1]:.4f}")


Pair = tuple[float, float]


def rounds_by_turns(
    functions: tuple[Callable[[], None], Callable[[], None]], rounds: int
) -> tuple[list[Pair], list[Pair]]:
    """Seconds and CPU seconds of both functions in each round."""
    seconds, cpu_seconds = [], []
    for _ in range(rounds):
        times = []
        for function in functions:
            cpu = time.process_time()
            _, taken = timed(function)
            times.append((taken, time.process_time() - cpu))
        seconds.append((times[0][0], times[1][0]))
        cpu_seconds.append((times[0][1], times[1][1]))
    return seconds, cpu_seconds


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):7.3f} ({min(values):.3f} to {max(values):.3f})"


def training_passes() -> TrainingPasses:
    """The first images of mnist5k, in random order, scaled to 0..1."""
    _, request = request_of(DataSpec(source="mnist5k"))
    source = next(source for source in BUILTIN_SOURCES if source.name == "mnist5k")
    data = source.load(request)
    rows = np.random.default_rng(0).permutation(len(data.images))[:IMAGES].astype(np.int64)
    scale = fit_normalization(data.images, rows, "scale")
    images = PreparedImages.of_rows(data.images, data.labels, rows, scale, AugmentationSpec())
    return TrainingPasses(images, BATCH_SIZE, order_seed=0, augmentation_seed=0)


def epochs_of_cnnbench(
    model: Model, passes: TrainingPasses
) -> tuple[Callable[[], None], list[float]]:
    """A function that trains the next epoch, and the losses it saw."""
    epoch, losses = counter(), list[float]()

    def train() -> None:
        losses.append(model.train_epoch(passes.epoch(next(epoch)), RATE).loss)
        model.synchronize()

    return train, losses


def keras_model() -> Any:
    """The network as a user writes it."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(RATE),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def epochs_of_keras(model: Any, passes: TrainingPasses) -> tuple[Callable[[], None], list[float]]:
    """The same with `fit`, each epoch in the same order as cnnbench's."""
    network = build_network(NetworkSpec(), (28, 28, 1), 10)
    model.set_weights(list(initial_weights(network, 0).values()))
    epoch, losses = counter(), list[float]()

    def train() -> None:
        images, labels, _, order = whole(passes, next(epoch))
        history = model.fit(
            images[order], labels[order], batch_size=BATCH_SIZE, shuffle=False, verbose=0
        )
        losses.append(history.history["loss"][0])

    return train, losses


def whole(passes: TrainingPasses, epoch: int) -> tuple[np.ndarray, ...]:
    arrays = passes.epoch(epoch).resident
    assert arrays is not None, "nothing is augmented"
    return arrays.images, arrays.labels, arrays.weights, arrays.order


def counter() -> Iterator[int]:
    return iter(range(10**6))


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
