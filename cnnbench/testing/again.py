"""The same training in a process of its own, for the check that compares two processes.

Started by `cnnbench.testing.checks.repetition` with the backend's environment already set:
python -m cnnbench.testing.again BACKEND DEVICE THREADS
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np

from cnnbench.network.layers import Conv, Dropout, Flatten
from cnnbench.network.network import Weights
from cnnbench.testing.bench import Bench
from cnnbench.testing.finding import Failed
from cnnbench.testing.samples import batches, network
from cnnbench.testing.target import find_backend, search_path

RANDOM = network(Conv(filters=4, activation="linear", stride=(2, 2)), Dropout(rate=0.3), Flatten())


def train(bench: Bench) -> Weights:
    """The weights after two epochs of a network whose dropout draws from a seed."""
    net = bench.reduce(RANDOM)
    model = bench.build(net, seed=5)
    passes = batches(net, 12, batch_size=6)
    for _ in range(2):
        model.train_epoch(passes, 0.01)
    return model.get_weights()


def train_elsewhere(target: str, device: str, threads: int) -> Weights:
    """What `train` gives in a new process. Raises Failed if it ends otherwise."""
    command = [sys.executable, "-m", "cnnbench.testing.again", target, device, str(threads)]
    environment = {**os.environ, "PYTHONPATH": search_path()}
    # Each process salts its hashes anew, unless told otherwise.
    environment.pop("PYTHONHASHSEED", None)
    done = subprocess.run(  # noqa: S603 - our own module
        command, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Failed(f"a second process with the same backend ended with an error: {last}")
    arrays = json.loads(done.stdout.splitlines()[-1])
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}


def main(target: str, device: str, threads: str) -> None:
    """Write the weights to standard output, as its last line."""
    weights = train(Bench(find_backend(target), device, int(threads)))
    sys.stdout.write("\n")
    json.dump({name: np.asarray(array).tolist() for name, array in weights.items()}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
