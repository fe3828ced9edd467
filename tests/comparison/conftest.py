from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.results.record import Beside, Costs, Plan, Record, Samples, Status
from cnnbench.results.store import Store

SAMPLES = Samples(
    source="digits",
    digest="d1",
    train=200,
    validation=100,
    test=500,
    classes=("zero", "one"),
)


@dataclass
class StudyWriter:
    """Writes a real results folder, part by part: each trial's id tells its part."""

    results: Path
    recipe: str = "mnist"
    backend: str = "torch"
    records: list = field(default_factory=list)

    def add(self, variant, values, *, metric="accuracy", folds=(None,), **fields):
        """One ok record a value, replicate by replicate and fold by fold."""
        parts = [(r, f) for r in range(len(values) // len(folds)) for f in folds]
        for (replicate, fold), value in zip(parts, values, strict=True):
            self.add_one(variant, replicate, fold, **({"value": value, "metric": metric} | fields))
        return self

    def add_one(
        self, variant, replicate, fold=None, *, value=0.5, metric="accuracy", levels=None, **fields
    ):
        defaults = {
            "trial": f"{variant}-{replicate}-{fold}",
            "status": Status.OK,
            "samples": SAMPLES,
            "costs": Costs(training=10.0 + replicate, parameters=1000),
            "beside": Beside(slots=1, threads=1, exclusive=False),
            "environment": {"python": "3.11.2"},
        }
        fields = defaults | fields
        environment = fields.pop("environment")
        metrics = {"test": {metric: value}, "trivial": levels or {"chance": 0.5, "majority": 0.6}}
        if fields["status"] is not Status.OK:
            metrics = {}
        record = Record(
            recipe=self.recipe,
            variant=variant,
            replicate=replicate,
            fold=fold,
            backend=self.backend,
            metrics=metrics,
            **fields,
        )
        self.records.append((record, environment))
        return self

    def write(self, *, plan=True, replicates=None, leave_out=(), **changes):
        """Write all records; the plan asks for them, or for as many replicates as given."""
        with Store(self.results, self.recipe, self.backend) as store:
            for record, environment in self.records:
                store.append(record, environment=environment)
            if plan:
                store.write_plan(self.plan(replicates, leave_out).model_copy(update=changes))
        return store.folder

    def plan(self, replicates, leave_out):
        variants = tuple(dict.fromkeys(record.variant for record, _ in self.records))
        trials = {
            x.trial: (x.variant, x.replicate, x.fold)
            for x, _ in self.records
            if x.trial not in leave_out
        }
        if replicates:
            trials |= {
                f"{variant}-{replicate}-None": (variant, replicate, None)
                for variant in variants
                for replicate in range(replicates)
            }
        return Plan(
            recipe=self.recipe,
            backend=self.backend,
            baseline=variants[0],
            variants=variants,
            replicates=replicates or 1,
            trials=trials,
        )


@pytest.fixture
def study(tmp_path):
    """A writer of studies: study(), study(backend="jax"), study("other results")."""

    def make(folder="results", **names):
        return StudyWriter(tmp_path / folder, **names)

    return make


@pytest.fixture
def reference(tmp_path):
    """A writer of studies into results/reference, below the other's folder."""

    def make(**names):
        return StudyWriter(tmp_path / "results" / "reference", **names)

    return make


@pytest.fixture
def samples():
    return SAMPLES


@pytest.fixture
def notes():
    """The notes of a folder's only table: notes(folder, metric="f1")."""

    def notes(folder, **options):
        (table,) = compare_records([folder], **options).tables
        return list(table.notes)

    return notes
