"""docs/results.md names every field, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from cnnbench.comparison.metrics import METRICS
from cnnbench.results.record import Costs, Record
from cnnbench.results.store import Store

PAGE = Path(__file__).parents[2] / "docs" / "results.md"
TEXT = PAGE.read_text(encoding="utf-8")
DOCUMENTED = {
    name
    for line in TEXT.splitlines()
    if line.startswith("| `")
    for name in re.findall(r"`(\w+)`", line.split("|")[1])
}


@pytest.mark.parametrize("model", [Record, Costs])
def test_every_field_is_documented(model):
    assert set(model.model_fields) <= DOCUMENTED


def test_no_field_is_documented_that_does_not_exist():
    assert set(Record.model_fields) | set(Costs.model_fields) >= DOCUMENTED


def test_every_metric_is_named():
    assert [name for name in METRICS if f"`{name}`" not in TEXT] == []


def test_the_example_runs(tmp_path, monkeypatch, make_record, history):
    with Store(tmp_path / "results", "small_data", "torch") as store:
        store.append(
            make_record(),
            history=history,
            predictions=np.array([[0.9, 0.1], [0.8, 0.2]], np.float32),
            rows=np.arange(2),
            labels=np.array([0, 1], np.int32),
        )
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)  # noqa: S102 - our own page
    assert names["accuracy"] == 0.5
    assert names["history"] == history
    assert len(names["frame"]) == 1
