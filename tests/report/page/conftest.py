"""Studies to make pages of: a real one, and one whose names were chosen by somebody unkind."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pytest

import cnnbench
from cnnbench.results.record import Costs, Epoch, Plan, Record, Samples, Status
from cnnbench.results.store import Store

RECIPE = """
title = "A tiny study"
description = "Two rates."
replicates = 3
[data]
source = "digits"
train = 60
validation = 20
test = 40
[network]
filters = [2]
dense = []
head = "global_average"
[training]
epochs = 3
batch_size = 16
optimizer = "sgd"
learning_rate = 0.1
[[variant]]
name = "slow"
[[variant]]
name = "fast"
training.learning_rate = 0.5
[[variant]]
name = "stopped"
training.early_stopping.patience = 1
"""
VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """Every element in order, and complaints about ends without a beginning."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.open = []
        self.complaints = []
        self.texts = []
        self.feed(text)
        self.close()
        self.complaints += [f"{tag} is never closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.complaints.append(f"{tag} ends at {self.getpos()}")

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="session")
def read_page():
    return Reader


@pytest.fixture(scope="session")
def recorded(scripted, tmp_path_factory):
    """A results folder as a run leaves it, and the cache that still holds its images."""
    folder = tmp_path_factory.mktemp("recorded")
    recipe = folder / "tiny.toml"
    recipe.write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(scripted))
        patch.setenv("CNNBENCH_CACHE", str(folder / "cache"))
        cnnbench.run(recipe, backend="scripted", results=folder / "results", executor="inline")
    _last_as_long_as_always(folder / "results")
    return folder


def _last_as_long_as_always(results):
    """How long training took is not left to the machine: what is drawn depends on it."""
    (file,) = results.rglob("records.jsonl")
    records = [json.loads(line) for line in file.read_text().splitlines()]
    for record in records:
        record["costs"]["training"] = {"slow": 3.0, "fast": 2.0, "stopped": 1.0}[record["variant"]]
    file.write_text("".join(f"{json.dumps(record)}\n" for record in records))


@pytest.fixture
def with_cache(recorded, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(recorded / "cache"))


@pytest.fixture
def without_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "no_cache"))


@pytest.fixture
def write_study(tmp_path):
    """Write a study of invented numbers; names, classes and notes are the test's."""

    def write(
        variants=("plain", "other"),
        classes=("a", "b"),
        *,
        recipe="study",
        title="",
        replicates=3,
        details=True,
        notes=(),
        confusion=True,
        diverged=(),
        **fields,
    ):
        trials = {}
        samples = Samples(
            source=fields.pop("source", "digits"),
            digest="0" * 64,
            train=9,
            validation=3,
            test=20,
            classes=classes,
            notes=notes,
        )
        random = np.random.default_rng(0)
        with Store(tmp_path / "results", recipe, "torch") as store:
            for number, variant in enumerate(variants):
                for replicate in range(replicates):
                    trial = f"t{number}-{replicate}"
                    trials[trial] = (variant, replicate, None)
                    given = random.dirichlet(np.ones(len(classes)), 20).astype(np.float32)
                    labels = np.arange(20, dtype=np.int32) % len(classes)
                    matrix = np.zeros((len(classes), len(classes)), int)
                    np.add.at(matrix, (labels, given.argmax(1)), 1)
                    metrics = {"accuracy": float((given.argmax(1) == labels).mean())}
                    if confusion:
                        metrics["confusion"] = matrix.tolist()
                    failed = variant in diverged and replicate == 0
                    record = Record(
                        trial=trial,
                        recipe=recipe,
                        variant=variant,
                        replicate=replicate,
                        backend="torch",
                        status=Status.FAILED if failed else Status.OK,
                        settings=fields.get("settings", {}),
                        reason="the loss is not a number" if failed else "",
                        diverged=failed,
                        samples=samples,
                        metrics={"test": metrics},
                        costs=Costs(training=1.0 + number, parameters=1000 * (1 + number)),
                    )
                    history = [
                        Epoch(
                            epoch=epoch,
                            loss=1 / epoch,
                            penalty=0.0,
                            accuracy=0.5,
                            val_loss=1.0,
                            val_accuracy=0.4,
                            learning_rate=0.1,
                            seconds=1.0,
                        )
                        for epoch in range(1, 4 + replicate)
                    ]
                    store.append(
                        record,
                        history=history if details else (),
                        predictions=given if details else None,
                        rows=np.arange(20) if details else None,
                        labels=labels if details else None,
                        environment={"python": "3.11", "cpu": fields.get("cpu", "a processor")},
                    )
            store.write_plan(
                Plan(
                    recipe=recipe,
                    title=title,
                    description=fields.get("description", ""),
                    backend="torch",
                    baseline=variants[0],
                    variants=variants,
                    replicates=replicates,
                    trials=trials,
                    overrides=fields.get("overrides", ()),
                    seed=fields.get("seed"),
                    looks=fields.get("looks", ()),
                    schedule=fields.get("schedule"),
                )
            )
        return tmp_path / "results"

    return write
