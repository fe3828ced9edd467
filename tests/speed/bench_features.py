"""What computing features once saves, and how fast they are computed.

Whole trials of 20 epochs: `features`, whose cache is empty at the start, against `frozen`, by
turns; and augmented, with five copies of each image against new ones in every epoch. Then forward
passes of VGG16 on a backend against plain PyTorch, channels last, of the same
layers and arrays.

    python tests/speed/bench_features.py [--rounds N] [--images N] [--threads N]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from turns import by_turns, machine

from cnnbench.execution.bench import Bench
from cnnbench.loading.manager import load_plugins
from cnnbench.network.bases import BASES
from cnnbench.planning.arrays import arrays_of
from cnnbench.planning.study import plan_study, read_images
from cnnbench.plugin import Optimization
from cnnbench.plugin.executor import Limits
from cnnbench.recipe.load import load_recipe
from cnnbench.results.record import Status
from cnnbench.testing import ArrayBatches, initial_weights

BACKEND, SIDE, BATCH = "torch-native", 96, 32
SAVES, COPIES, SLOWER = 0.1, 0.4, 1.05
"""The targets: of the time of `frozen`, of that with new images, and of that of plain PyTorch."""
RECIPE = """
replicates = 1
[data]
source = "mnist5k"
image_size = [96, 96]
train = {train}
validation = {rest}
test = {rest}
[transfer]
base = "mobilenet"
weights = "random"
scaling = "keras"
head = {{ pooling = "average", dense = [] }}
[training]
epochs = 20
batch_size = 32
[[variant]]
name = "features"
[[variant]]
name = "frozen"
transfer.strategy = "frozen"
[[variant]]
name = "5 copies"
transfer.strategy = "frozen"
augmentation = {{ flip = "horizontal", rotation = 0.1, copies = 5 }}
[[variant]]
name = "new images"
transfer.strategy = "frozen"
augmentation = {{ flip = "horizontal", rotation = 0.1 }}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=200, help="to train on; half as many beside")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.here:
        environment = load_plugins().backend(BACKEND).environment("cpu", options.threads)
        arguments = [sys.executable, *sys.argv, "--here"]
        subprocess.run(arguments, env={**os.environ, **environment}, check=True)
        return
    print(f"MobileNet at {SIDE}x{SIDE}, {options.images} images, 20 epochs; {machine()}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CNNBENCH_CACHE"] = f"{folder}/cache"
        whole_trials(Path(folder), options)
    print(f"VGG16 at {SIDE}x{SIDE}, forward, batches of {BATCH}, {options.threads} thread(s)")
    forward_passes(options)


def whole_trials(folder: Path, options: argparse.Namespace) -> None:
    """Time both strategies, each from an empty cache of features."""
    plugins = load_plugins()
    path = folder / "study.toml"
    path.write_text(RECIPE.format(train=options.images, rest=options.images // 4))
    recipe = load_recipe(path, find_source=plugins.source)
    known, _ = read_images(recipe, plugins)
    backend = plugins.backend(BACKEND)
    study = plan_study(
        recipe, backend, "cpu", known, folder / "r", arrays=arrays_of(recipe, plugins)
    )
    trials = {trial.variant: trial for trial in study.trials}
    bench = Bench(plugins, BACKEND, "cpu", Limits(slots=1, threads=options.threads))

    def seconds(variant: str) -> float:
        for entry in (folder / "cache").glob("features-*"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        start = time.perf_counter()
        record = bench.run(trials[variant], lambda _: None).record
        assert record.status is Status.OK, record.reason
        return time.perf_counter() - start

    seconds("features")
    for one, other, target in (("features", "frozen", SAVES), ("5 copies", "new images", COPIES)):
        by_turns(
            {name: lambda name=name: seconds(name) for name in (one, other)},  # type: ignore[misc]
            options.rounds,
            target=target,
        )


def forward_passes(options: argparse.Namespace) -> None:
    """Time VGG16's features of the same images on the backend, on Keras and in plain PyTorch."""
    import torch

    torch.set_num_threads(options.threads)
    network = BASES["vgg16"]((SIDE, SIDE, 3))
    weights = initial_weights(network, 0)
    images = np.random.default_rng(0).random((2 * BATCH, SIDE, SIDE, 3), np.float32)
    labels = np.zeros(len(images), np.int32)
    plain = plain_vgg16(weights)

    def by_pytorch() -> Any:
        with torch.inference_mode():
            parts = [
                plain(torch.from_numpy(part).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
                for part in (images[:BATCH], images[BATCH:])
            ]
            return torch.cat(parts).numpy()

    for name in (BACKEND, "torch"):
        engine = load_plugins().backend(name).open("cpu", options.threads)
        model = engine.build(network, weights, Optimization(), 0)

        def by_backend(model: Any = model) -> Any:
            return model.predict(ArrayBatches(images, labels, batch_size=BATCH))

        made, wanted = by_backend(), by_pytorch()
        assert np.abs(made - wanted).max() <= 1e-4 * np.abs(wanted).max()
        sides = {name: timed(by_backend), "PyTorch": timed(by_pytorch)}
        target = SLOWER if name == BACKEND else None
        by_turns(sides, options.rounds, target=target, images=len(images))


def plain_vgg16(weights: Any) -> Any:
    """As anybody would write it: convolutions with ReLU and pooling, channels last."""
    import torch

    layers: list[Any] = []
    for name in (x.partition("/")[0] for x in weights if x.endswith("/kernel")):
        if layers and name.endswith("conv1"):
            layers.append(torch.nn.MaxPool2d(2))
        kernel = torch.from_numpy(weights[f"{name}/kernel"]).permute(3, 2, 0, 1)
        layer = torch.nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1)
        layer.weight.data, layer.bias.data = kernel, torch.from_numpy(weights[f"{name}/bias"])
        layers += [layer, torch.nn.ReLU(inplace=True)]
    layers.append(torch.nn.MaxPool2d(2))
    return torch.nn.Sequential(*layers).to(memory_format=torch.channels_last).eval()


def timed(compute: Callable[[], Any]) -> Callable[[], float]:
    """How long it takes."""

    def measure() -> float:
        start = time.perf_counter()
        compute()
        return time.perf_counter() - start

    return measure


if __name__ == "__main__":
    main()
