"""An epoch of torch-native against hand-tuned PyTorch loops, and against Keras on PyTorch.

All train the MNIST convnet on the same 4,000 images in the same batches of 64 with Adam, from the
same weights, by turns in one process that was started with torch-native's environment, so that the
allocator serves all of them alike. The first epoch is not counted.

    python tests/speed/bench_torch_native.py [--device gpu] [--rounds N] [--compile]

--compile adds the hand-tuned loop under torch.compile, which needs a C++ compiler and some minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from math import sqrt

import numpy as np
from turns import by_turns, machine

from cnnbench.loading.manager import load_plugins
from cnnbench.network.architectures import build_network
from cnnbench.network.network import Network, Weights
from cnnbench.network.spec import NetworkSpec
from cnnbench.network.weights import initial_weights
from cnnbench.plugin.backend import Model
from cnnbench.testing import ArrayBatches
from cnnbench.trials.optimization import Optimization

IMAGES, BATCH = 4000, 64
LEARNING_RATE = 0.001


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--compile", action="store_true")
    options.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.threads:
        measure(chosen.device, chosen.threads, chosen.rounds, compiled=chosen.compile)
        return
    print(f"an epoch of the MNIST convnet, {IMAGES:,} images, batch {BATCH}, Adam; {machine()}")
    backend = load_plugins().backend("torch-native")
    for threads in (1, 2):
        command = [sys.executable, __file__, "--device", chosen.device]
        command += ["--rounds", str(chosen.rounds), "--threads", str(threads)]
        command += ["--compile"] if chosen.compile else []
        environment = backend.environment(chosen.device, threads)
        subprocess.run(command, check=True, env={**os.environ, **environment})


def measure(device: str, threads: int, rounds: int, *, compiled: bool) -> None:
    """Print the ratios in this process."""
    network = build_network(NetworkSpec(), (28, 28, 1), 10)
    weights = initial_weights(network, 0)
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 10, IMAGES, dtype=np.int32)
    # Each class has a picture of its own under the noise, so that there is something to learn.
    images = draw.random((10, 28, 28, 1), np.float32)[labels] + draw.normal(
        0, 0.3, (IMAGES, 28, 28, 1)
    )
    batches = ArrayBatches(
        images.astype(np.float32),
        labels,
        order=draw.permutation(IMAGES),
        batch_size=BATCH,
        key="training",
    )
    native = of_backend("torch-native", (device, threads), network, weights, batches)
    references = {
        "hand-tuned": hand_tuned(device, weights, batches, pool_first=False),
        "hand-tuned, pooling before ReLU": hand_tuned(device, weights, batches, pool_first=True),
    }
    if compiled:
        references["hand-tuned and compiled"] = hand_tuned(
            device, weights, batches, pool_first=False, compiled=True
        )
    if load_plugins().backends.get("torch") is None:
        print("  cnnbench-keras is not installed: no comparison with Keras on PyTorch")
    else:
        references["Keras on PyTorch"] = of_backend(
            "torch", (device, threads), network, weights, batches
        )
    losses = [epoch() for epoch in (native, *references.values())]
    # Rounding makes them drift apart: by 0.2 % of the loss, when compiled by 0.7 %.
    if max(losses) - min(losses) > 0.01 * min(losses):
        sys.exit(f"the loops do not train alike: mean losses of the first epoch {losses}")
    for name, epoch in references.items():
        print(f"{threads} thread{'s' if threads > 1 else ''}, {device}, against {name}:")
        target = 1.05 if name.startswith("hand") else None
        sides = {"torch-native": clock(native), name: clock(epoch)}
        by_turns(sides, rounds, target=target, images=IMAGES)


def clock(epoch: Callable[[], float]) -> Callable[[], float]:
    """Seconds of an epoch; fetching its loss waits for the device."""

    def seconds() -> float:
        start = time.perf_counter()
        epoch()
        return time.perf_counter() - start

    return seconds


def of_backend(
    name: str, setting: tuple[str, int], network: Network, weights: Weights, batches: ArrayBatches
) -> Callable[[], float]:
    """An epoch of a backend on (device, threads); returns the mean loss."""
    backend = load_plugins().backend(name)
    # What this sets beyond torch-native's environment is read when Keras is imported, here.
    os.environ.update(backend.environment(*setting))
    model: Model = backend.open(*setting).build(network, weights, Optimization(), 0)
    return lambda: model.train_epoch(batches, LEARNING_RATE).loss


def hand_tuned(
    device: str,
    weights: Weights,
    batches: ArrayBatches,
    *,
    pool_first: bool,
    compiled: bool = False,
) -> Callable[[], float]:
    """What someone who knows PyTorch would write for this network alone; returns the mean loss.

    channels_last, ReLU in place, fused Adam, images on the device throughout, no wait within an
    epoch. Pooling before ReLU gives the same result from a quarter of the values.
    """
    import torch
    from torch import nn

    def block(inputs: int, outputs: int) -> list[nn.Module]:
        relu, pool = nn.ReLU(inplace=True), nn.MaxPool2d(2)
        return [nn.Conv2d(inputs, outputs, 3), *((pool, relu) if pool_first else (relu, pool))]

    maps = nn.Sequential(*block(1, 32), *block(32, 64), nn.Conv2d(64, 64, 3), nn.ReLU(inplace=True))
    head = nn.Sequential(nn.Linear(576, 64), nn.ReLU(inplace=True), nn.Linear(64, 10))
    with torch.no_grad():
        arrays = iter(weights.values())
        for parameter in (*maps.parameters(), *head.parameters()):
            value = torch.tensor(next(arrays))
            axes = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}[value.ndim]
            parameter.copy_(value.permute(axes))
    where = torch.device("cuda" if device == "gpu" else "cpu")
    maps.to(where, memory_format=torch.channels_last)
    head.to(where)
    adam = torch.optim.Adam([*maps.parameters(), *head.parameters()], LEARNING_RATE, fused=True)
    steps = count(1)

    def objective(pictures: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        features = maps(pictures).permute(0, 2, 3, 1).flatten(1)
        return nn.functional.cross_entropy(head(features), truth)

    if compiled:
        objective = torch.compile(objective, dynamic=False)
    # NHWC in memory; labels in the type that the loss wants.
    images = torch.tensor(batches.images, device=where).permute(0, 3, 1, 2)
    labels = torch.tensor(batches.labels, device=where).long()
    order = torch.tensor(batches.order, device=where)

    def epoch() -> float:
        total = torch.zeros((), device=where)
        for rows in order.split(BATCH):
            loss = objective(images[rows], labels[rows])
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.param_groups[0].update(as_keras(next(steps)))
            adam.step()
            total += loss.detach() * len(rows)
        return total.item() / len(order)

    return epoch


def as_keras(step: int) -> dict[str, float]:
    """Keras's place for epsilon and its float32 corrections, without which the losses part."""
    first, second = 1 - 0.9**step, sqrt(1 - 0.999**step)
    rounded_first, rounded_second = (1 - np.float32(beta) ** step for beta in (0.9, 0.999))
    rounded = sqrt(rounded_second) / float(rounded_first)
    return {"lr": LEARNING_RATE * rounded * first / second, "eps": 1e-7 / second}


if __name__ == "__main__":
    main()
