from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from cnnbench.results.record import Costs, Plan, Record, Samples


@pytest.fixture
def content(make_record):
    samples = Samples(source="digits", digest="d", train=2, validation=0, test=2, classes=("a",))
    record = make_record(samples=samples, costs=Costs(training=1.0), epochs=3)
    return json.loads(record.model_dump_json())


HUGE = 10**400
IMPOSSIBLE = [
    (
        ("metrics", "test", "accuracy"),
        [90, -0.1, 1.01, True, 1e308, HUGE, "0.5", "high", [0.5], {}],
    ),
    (("metrics", "test", "f1"), [2, False, -HUGE]),
    (("metrics", "test", "log_loss"), [-1, 1e308, HUGE, True]),
    (("metrics", "trivial"), [{"chance": HUGE}, {"majority": 1e308}]),
    (("costs", "training"), ["Infinity", "NaN", -1, 1e308, HUGE, True]),
    (("costs", "peak_memory"), [-1, 0.5, HUGE, "many"]),
    (("samples", "train"), [-1, HUGE, True]),
    (("samples", "by_class"), [{"test": [1, 2]}, {"test": [-1]}, {"test": [HUGE]}]),
    (("replicate",), [-1, HUGE, True, "0"]),
    (("fold",), [-1, HUGE]),
    (("epochs",), [-1, HUGE]),
    (("started",), ["NaN", "Infinity"]),
    (("beside",), [{"slots": HUGE, "threads": 1, "exclusive": False}]),
]


@pytest.mark.parametrize(("place", "values"), IMPOSSIBLE, ids=lambda x: ".".join(map(str, x))[:40])
def test_a_number_that_no_trial_can_have_is_damage(content, place, values):
    *above, last = place
    section = content
    for key in above:
        section = section.setdefault(key, {})
    for value in values:
        section[last] = value
        with pytest.raises(ValidationError):
            Record.model_validate_json(json.dumps(content))


@pytest.mark.parametrize("value", [0, 1, 0.5, 1 + 1e-12, None, "NaN", "Infinity"])
def test_a_metric_that_could_not_be_computed_is_no_damage(content, value):
    content["metrics"]["test"]["accuracy"] = value
    assert Record.model_validate_json(json.dumps(content)).metrics["test"]["accuracy"] == value


def test_a_metric_of_a_later_version_may_be_anything(content):
    content["metrics"]["test"] |= {"certainty": "high", "top_5": [1e308]}
    assert Record.model_validate_json(json.dumps(content)).metrics["test"]["certainty"] == "high"


def test_a_plan_without_variants_is_no_plan():
    with pytest.raises(ValidationError):
        Plan(recipe="r", backend="b", baseline="v", variants=(), replicates=1, trials={})


@pytest.mark.parametrize("seed", [-1, 0.5, "1", True])
def test_the_seed_of_a_plan_is_a_whole_number(seed):
    content = {"recipe": "r", "backend": "b", "baseline": "v", "variants": ["v"], "replicates": 1}
    assert Plan(**content, trials={}).seed is None
    assert Plan(**content, trials={}, seed=2**64).seed == 2**64
    with pytest.raises(ValidationError, match="seed"):
        Plan(**content, trials={}, seed=seed)
