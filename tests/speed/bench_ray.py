"""What a trial costs on `ray` against `local`, for a study of many small trials.

Counted from the first end of a trial to the last one, so without start-up, by turns.

    python tests/speed/bench_ray.py [--rounds N] [--trials N]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from turns import by_turns, machine

import cnnbench
from cnnbench.plugin import TrialEnded
from cnnbench.plugin.executor import Event

TARGET = 1.15
RECIPE = """
replicates = {trials}
[data]
source = "digits"
train = 600
validation = 200
test = 200
[network]
filters = [16, 32]
[training]
epochs = 4
batch_size = 32
[[variant]]
name = "convnet"
"""


def study(executor: str, trials: int) -> Callable[[], float]:
    """A function that runs the study anew and gives the seconds."""

    def measure() -> float:
        ends: list[float] = []

        def listen(event: Event) -> None:
            if isinstance(event, TrialEnded):
                ends.append(time.perf_counter())

        with tempfile.TemporaryDirectory() as folder:
            recipe = Path(folder) / "many.toml"
            recipe.write_text(RECIPE.format(trials=trials))
            records = cnnbench.run(
                recipe,
                backend="torch-native",
                executor=executor,
                results=Path(folder) / "results",
                progress=listen,
            )
        assert {record.status for record in records} == {"ok"}
        return ends[-1] - ends[0]

    return measure


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=100)
    options = parser.parse_args()
    os.environ.pop("CNNBENCH_RAY_ADDRESS", None)
    print(f"{options.trials} trials on torch-native, one thread each; {machine()}")
    sides = {name: study(name, options.trials) for name in ("ray", "local")}
    by_turns(sides, options.rounds, target=TARGET)


if __name__ == "__main__":
    main()
