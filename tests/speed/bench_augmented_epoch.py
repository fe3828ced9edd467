"""How much longer an epoch takes when its images are augmented, on the Keras backend on torch.

Flip, rotation and zoom against none, the same model and images, epochs by turns. One training
thread; a second core, if there is one, is free for the thread that augments ahead.

    python tests/speed/bench_augmented_epoch.py [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

import numpy as np

from cnnbench.data.passes.normalization import fit_normalization
from cnnbench.data.passes.passes import TrainingPasses
from cnnbench.data.passes.prepared import PreparedImages
from cnnbench.data.sources.requests import request_of
from cnnbench.data.spec import AugmentationSpec, DataSpec
from cnnbench.loading.manager import load_plugins
from cnnbench.network.architectures import build_network
from cnnbench.network.spec import NetworkSpec
from cnnbench.network.weights import initial_weights
from cnnbench.trials.optimization import Optimization

BACKEND = "torch"
BATCH_SIZE, TARGET = 64, 1.1
AUGMENTED = AugmentationSpec(flip="horizontal", rotation=0.1, zoom=0.1)
DATA = (DataSpec(source="mnist5k"), 4000), (DataSpec(source="scenes:600", image_size=(96, 96)), 600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(
            f"one epoch on {BACKEND}, batches of {BATCH_SIZE}, one thread; seconds, median (range) "
            f"of {options.rounds} by turns; target: at most {TARGET}"
        )
        for spec, count in DATA:
            measure(spec, count, options.rounds)
        return
    environment = load_plugins().backend(BACKEND).environment("cpu", 1)
    subprocess.run(
        [sys.executable, __file__, "--here", "--rounds", str(options.rounds)],
        env={**os.environ, **environment},
        check=True,
    )


def measure(spec: DataSpec, count: int, rounds: int) -> None:
    name, request = request_of(spec)
    data = load_plugins().source(name).load(request)
    rows = np.random.default_rng(0).permutation(len(data.images))[:count].astype(np.int64)
    scale = fit_normalization(data.images, rows, "scale")
    passes = {
        kind: TrainingPasses(
            PreparedImages.of_rows(data.images, data.labels, rows, scale, augmentation),
            BATCH_SIZE,
            order_seed=0,
            augmentation_seed=0,
        )
        for kind, augmentation in (("augmented", AUGMENTED), ("plain", AugmentationSpec()))
    }
    height, width, channels = data.images.shape[1:]
    network = build_network(NetworkSpec(), (height, width, channels), len(data.classes))
    engine = load_plugins().backend(BACKEND).open("cpu", 1)
    model = engine.build(network, initial_weights(network, 0), Optimization(), 0)
    seconds: dict[str, list[float]] = {kind: [] for kind in passes}
    for epoch in range(rounds + 1):
        for kind, pass_ in passes.items():
            start = time.perf_counter()
            model.train_epoch(pass_.epoch(epoch), 1e-3)
            seconds[kind].append(time.perf_counter() - start)
    # The first round normalises the images that plain epochs reuse, and warms up the allocator.
    times = {kind: values[1:] for kind, values in seconds.items()}
    print(f"{spec.source}: {count} images of {height}x{width}x{channels}")
    for kind, values in times.items():
        print(f"  {kind:10} {spread(values)}")
    ratios = [one / other for one, other in zip(*times.values(), strict=True)]
    print(f"  ratio      {spread(ratios)}, n = {rounds}")


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):7.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    main()
