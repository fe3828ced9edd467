"""What trials of a tenth of a second gain where the garbage collector passes over the framework.

The same trial by turns in one process: a model is built anew, trained for an epoch and let go, as a
worker does. The reference is told to walk everything again before each of its trials.

    python tests/speed/bench_collector.py [BACKEND ...] [--rounds N]
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import time

from turns import by_turns, machine

from cnnbench.loading.manager import load_plugins
from cnnbench.network.weights import initial_weights
from cnnbench.processes import made_for_good
from cnnbench.testing.samples import SMALL, batches
from cnnbench.training.costs import release_freed_memory
from cnnbench.trials.optimization import Optimization

BACKENDS = ("torch", "tensorflow", "jax", "torch-native")
TRIALS = 10


def main() -> None:
    """Each backend in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", default=BACKENDS)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.backends[0], options.rounds)
        return
    print(f"{TRIALS} trials of an epoch of 600 images, one thread; {machine()}")
    for name in options.backends:
        subprocess.run(
            [sys.executable, __file__, name, "--here", "--rounds", str(options.rounds)],
            env={**os.environ, **load_plugins().backend(name).environment("cpu", 1)},
            check=True,
        )


def measure(name: str, rounds: int) -> None:
    """Time both sides in this process."""
    with made_for_good():
        engine = load_plugins().backend(name).open("cpu", 1)
    passes, weights = batches(SMALL, 600, batch_size=32), initial_weights(SMALL, seed=1)

    def trials() -> float:
        start = time.perf_counter()
        for _ in range(TRIALS):
            engine.build(SMALL, weights, Optimization(), 1).train_epoch(passes, 0.01)
            release_freed_memory()
        return time.perf_counter() - start

    def passing_over() -> float:
        gc.freeze()
        return trials()

    def walking() -> float:
        gc.unfreeze()
        return trials()

    print(f" {name}")
    trials()
    by_turns({"passed over": passing_over, "walked": walking}, rounds)


if __name__ == "__main__":
    main()
