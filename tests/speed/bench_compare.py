"""How long `cnnbench compare` takes over 10,000 records or more, as a whole process.

Reference: the smallest script that imports pandas and decodes the same lines as JSON. Both are
timed by turns, so that what else runs on the machine slows both.

    python tests/speed/bench_compare.py [--replicates 250]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from turns import by_turns, machine, process

from cnnbench.recipe.configuration import Configuration
from cnnbench.results.environment import environment_json, environment_key, machine_environment
from cnnbench.results.record import Beside, Costs, Plan, Record, Samples, Status

RECIPES = ("mnist", "downsampling", "regularization", "small_data")
BACKENDS = ("torch", "tensorflow", "jax", "torch-native")
VARIANTS = 25
ROUNDS = 5
CLASSES = tuple("0123456789")
REFERENCE = """
import json, pathlib, sys
import pandas

for path in pathlib.Path(sys.argv[1]).rglob("records.jsonl"):
    for line in path.open("rb"):
        json.loads(line)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=25, help="250: 100,000 records")
    replicates = parser.parse_args().replicates
    with tempfile.TemporaryDirectory() as name:
        records, size = write_results(Path(name), replicates)
        compare = [sys.executable, "-m", "cnnbench", "compare", name]
        reference = [sys.executable, "-c", REFERENCE, name]
        print(f"comparing {records:,} records of {size / 2**20:.0f} MiB on {machine()}")
        by_turns(
            {
                "cnnbench compare": lambda: process(compare),
                "pandas, json.loads": lambda: process(reference),
            },
            ROUNDS,
            target=2.0,
        )
        print("  target: of 100,000 records under 10 s")


def write_results(folder: Path, replicates: int) -> tuple[int, int]:
    """Studies like those of real recipes; the number of records and their bytes."""
    draw = np.random.default_rng(0)
    environment = machine_environment()
    key = environment_key(environment)
    (folder / "environments").mkdir()
    (folder / "environments" / f"{key}.json").write_bytes(environment_json(environment))
    count = size = 0
    for recipe in RECIPES:
        for backend in BACKENDS:
            records = list(study(recipe, backend, key, draw, replicates))
            text = "".join(f"{record.model_dump_json()}\n" for record in records)
            place = folder / recipe / backend
            place.mkdir(parents=True)
            (place / "records.jsonl").write_text(text)
            (place / "plan.json").write_text(
                plan(recipe, backend, records, replicates).model_dump_json()
            )
            count, size = count + len(records), size + len(text)
    return count, size


def study(recipe: str, backend: str, environment: str, draw: np.random.Generator, replicates: int):
    settings = Configuration.model_validate({"data": {"source": "mnist5k"}}).model_dump(mode="json")
    samples = Samples(
        source="mnist5k",
        digest="0" * 16,
        train=3200,
        validation=800,
        test=1000,
        classes=CLASSES,
        by_class={"train": (320,) * 10, "validation": (80,) * 10, "test": (100,) * 10},
    )
    for variant in range(VARIANTS):
        for replicate in range(replicates):
            accuracy = 0.9 + variant / 500 + draw.normal(0, 0.01)
            yield Record(
                trial=draw.bytes(8).hex(),
                recipe=recipe,
                variant=f"variant {variant}",
                replicate=replicate,
                backend=backend,
                device="cpu",
                status=Status.FAILED if draw.random() < 0.01 else Status.OK,
                reason="",
                samples=samples,
                metrics={
                    "test": metrics(accuracy, draw),
                    "validation": metrics(accuracy, draw),
                    "trivial": {"chance": 0.1, "majority": 0.112},
                },
                epochs=20,
                best_epoch=17,
                costs=Costs(
                    compile=1.5,
                    training=draw.gamma(20),
                    evaluation=0.4,
                    data=0.1,
                    total=25.0,
                    images_per_second=2600.0,
                    latency_single=0.002,
                    latency_batch=0.009,
                    peak_memory=700_000_000,
                    parameters=93_322,
                    flops=4_800_000,
                ),
                settings=settings,
                environment=environment,
                beside=Beside(slots=2, threads=1, exclusive=False, load=1.9),
                started=1.7e9 + replicate,
            )


def metrics(accuracy: float, draw: np.random.Generator) -> dict[str, object]:
    names = ("balanced_accuracy", "precision", "recall", "f1", "log_loss", "calibration_error")
    return {
        "accuracy": accuracy,
        **dict(zip(names, draw.random(len(names)).tolist(), strict=True)),
        "confusion": draw.integers(0, 100, (10, 10)).tolist(),
    }


def plan(recipe: str, backend: str, records: list[Record], replicates: int) -> Plan:
    variants = tuple(dict.fromkeys(record.variant for record in records))
    return Plan(
        recipe=recipe,
        title=f"The recipe {recipe}",
        backend=backend,
        baseline=variants[0],
        variants=variants,
        replicates=replicates,
        trials={x.trial: (x.variant, x.replicate, x.fold) for x in records},
    )


if __name__ == "__main__":
    main()
