"""What exact statistics cost: torch-native's batch normalisation against PyTorch's own kernel.

Epochs by turns of the MNIST convnet with batch normalisation in all its blocks, the same model,
images and order, with the kernel swapped in between.

    python tests/speed/bench_batch_norm.py [--rounds N] [--threads N] [--batch N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

import numpy as np

from cnnbench.network.architectures import build_network
from cnnbench.network.spec import NetworkSpec
from cnnbench.plugin import Optimization
from cnnbench.testing import ArrayBatches, initial_weights, load_plugins

IMAGES, SIDE, CLASSES = 1000, 28, 10
TARGET = 1.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options)
        return
    environment = load_plugins().backend("torch-native").environment("cpu", options.threads)
    arguments = [sys.executable, *sys.argv, "--here"]
    subprocess.run(arguments, env={**os.environ, **environment}, check=True)


def measure(options: argparse.Namespace) -> None:
    import torch

    from cnnbench_torch_native import _layers

    def native(x, gamma, beta, epsilon):
        output, mean, rsqrt = torch.native_batch_norm(
            x, gamma, beta, None, None, True, 0.0, epsilon
        )
        return output, mean.detach(), rsqrt.detach().pow(-2) - epsilon

    random = np.random.default_rng(0)
    images = random.random((IMAGES, SIDE, SIDE, 1), np.float32)
    labels = random.integers(0, CLASSES, IMAGES).astype(np.int32)
    batches = ArrayBatches(images, labels, batch_size=options.batch, key="train")
    network = build_network(NetworkSpec(batch_norm="before"), (SIDE, SIDE, 1), CLASSES)
    engine = load_plugins().backend("torch-native").open("cpu", options.threads)
    model = engine.build(network, initial_weights(network, 0), Optimization(), 0)
    kernels = {"exact": _layers.normalize, "PyTorch's": native}
    seconds: dict[str, list[float]] = {name: [] for name in kernels}
    for _ in range(options.rounds + 2):
        for name, kernel in kernels.items():
            _layers.normalize = kernel
            start = time.perf_counter()
            model.train_epoch(batches, 1e-3)
            seconds[name].append(time.perf_counter() - start)
    print(
        f"an epoch of {IMAGES:,} images in batches of {options.batch}, {options.threads} threads; "
        f"seconds, median (range) of {options.rounds} by turns; target: at most {TARGET}"
    )
    times = {name: values[2:] for name, values in seconds.items()}  # the first two warm up
    for name, values in times.items():
        print(f"  {name:10} {spread(values)}")
    ratios = [one / other for one, other in zip(*times.values(), strict=True)]
    print(f"  ratio      {spread(ratios)}, n = {options.rounds}")


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):7.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    main()
