"""What a thousand short trials cost beside their training, on one slot of `local`.

Time: from the end of a trial to the start of the next on its worker, by the records. Memory: the
resident size of the process of `cnnbench run`, its workers aside, as trials are recorded.

    python tests/speed/bench_trials.py [--trials N] [--backend NAME]
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from turns import machine

TARGET = 1.05
"""Of the memory at the end against that after a tenth of the trials."""
RECIPE = """
replicates = {trials}
[data]
source = "digits"
train = 100
validation = 50
test = 50
[network]
filters = [8]
[training]
epochs = 1
[[variant]]
name = "convnet"
"""


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--backend", default="torch-native")
    options = parser.parse_args()
    print(f"{options.trials:,} trials on {options.backend}, one slot; {machine()}")
    with tempfile.TemporaryDirectory() as name:
        recipe, results = Path(name, "short.toml"), Path(name, "results")
        recipe.write_text(RECIPE.format(trials=options.trials))
        command = [sys.executable, "-m", "cnnbench", "run", str(recipe), "--jobs", "1"]
        command += ["--backend", options.backend, "--results", str(results)]
        file = results / "short" / options.backend / "records.jsonl"
        sizes = memory(command, file, options.trials // 10)
        print_times([json.loads(line) for line in file.read_text().splitlines()])
    print("  memory of the starter, in MiB, after trials:")
    print("   ", ", ".join(f"{count:,}: {size:.1f}" for count, size in sizes.items()))
    first, *_, last = sizes.values()
    print(f"  ratio of the last to the first {last / first:.3f}, target at most {TARGET}")


def memory(command: list[str], file: Path, step: int) -> dict[int, float]:
    """Run the command; MiB of its process each time so many more records are in the file."""
    sizes: dict[int, float] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        watched = psutil.Process(running.pid)
        while running.poll() is None:
            count = file.read_bytes().count(b"\n") if file.exists() else 0
            if count // step > len(sizes):
                sizes[count] = watched.memory_info().rss / 2**20
            time.sleep(0.1)
    assert running.returncode == 0
    return sizes


def print_times(records: list[dict]) -> None:
    """Milliseconds between trials, and those within."""
    assert {record["status"] for record in records} == {"ok"}
    records.sort(key=lambda record: record["started"])
    totals = [1000 * record["costs"]["total"] for record in records]
    training = [1000 * record["costs"]["training"] for record in records]
    between = [
        1000 * (later["started"] - earlier["started"]) - total
        for (earlier, later), total in zip(itertools.pairwise(records), totals, strict=False)
    ]
    shown = {"a trial": totals, "its training": training, "from one trial to the next": between}
    for what, each in shown.items():
        low, *_, high = statistics.quantiles(each, n=20)
        middle = statistics.median(each)
        print(
            f"  {what}: {middle:.1f} ms ({low:.1f} to {high:.1f} for nine of ten), n = {len(each)}"
        )


if __name__ == "__main__":
    main()
