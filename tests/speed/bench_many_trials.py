"""What 100,000 planned trials cost before the first of them: `run --dry-run` as a whole process.

Once with no record, once with nearly all of them recorded. Reference: an interpreter that imports
pandas. Memory is the largest resident size of the process.

    python tests/speed/bench_many_trials.py [--rounds N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from bench_compare import study
from turns import by_turns, machine, process, used

from cnnbench.installed import installed_plugins
from cnnbench.planning.prepare import RunOptions, prepare

VARIANTS, REPLICATES = 100, 1000
ROUNDS = 5
HEAD = f"""
baseline = "rate 0"
replicates = {REPLICATES}
[data]
source = "mnist5k"
"""
VARIANT = """
[[variant]]
name = "rate {number}"
training.learning_rate = {rate}
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        recipe, results = Path(name, "many.toml"), Path(name, "results")
        variants = (VARIANT.format(number=n, rate=0.001 + n * 1e-5) for n in range(VARIANTS))
        recipe.write_text(HEAD + "".join(variants))
        run = [sys.executable, "-m", "cnnbench", "run", str(recipe), "--dry-run"]
        run += ["--backend", "torch-native", "--results", str(results)]
        reference = [sys.executable, "-c", "import pandas"]
        for recorded in ("none", "nearly all"):
            print(f"{VARIANTS * REPLICATES:,} trials, {recorded} recorded, on {machine()}")
            by_turns(
                {"cnnbench": lambda: process(run), "pandas": lambda: process(reference)}, rounds
            )
            seconds, taken, largest = used(run)
            print(f"  once more: {seconds:.1f} s, {taken:.1f} s of a processor, {largest:,.0f} MiB")
            print("  target: under 10 s and 1,024 MiB", flush=True)
            if recorded == "none":
                write_records(recipe, results)


def write_records(recipe: Path, results: Path) -> None:
    """Of every trial, one in a hundred failed."""
    (planned,) = prepare(recipe, ["torch-native"], installed_plugins(), RunOptions(results)).studies
    planned.store.folder.mkdir(parents=True)
    drawn = study("many", "torch-native", "", np.random.default_rng(0), REPLICATES * VARIANTS)
    with (planned.store.folder / "records.jsonl").open("w") as file:
        for trial, record in zip(planned.trials, drawn, strict=False):
            own = {"trial": trial.id, "variant": trial.variant, "replicate": trial.replicate}
            file.write(record.model_copy(update=own).model_dump_json() + "\n")


if __name__ == "__main__":
    main()
