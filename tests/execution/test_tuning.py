"""Tuning from recipe to record, on a backend that can be made to fail."""

from __future__ import annotations

import numpy as np
import pytest

import cnnbench
from cnnbench.data.splits.draw import Split
from cnnbench.errors import DataError
from cnnbench.results.details import read_predictions
from cnnbench.results.read import read_plan, read_records

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]

STUDY = """
replicates = 2
[data]
source = "digits"
train = 40
validation = 20
test = 30
[network]
filters = [2]
dense = []
head = "global_average"
[training]
epochs = 2
batch_size = 16
optimizer = "sgd"
learning_rate = 0.1
[tune]
candidates = 4
space = [{ key = "training.learning_rate", low = 0.01, high = 1.0, scale = "log" }]
[[variant]]
name = "plain"
[[variant]]
name = "wide"
network.filters = [3]
"""
UNTUNED = """
[[variant]]
name = "untuned"
tune.candidates = 0
tune.space = []
"""


def bad(rate):
    """One candidate has that learning rate, of which the backend knows what to do."""
    choices = f"choices = [{rate}, 0.2, 0.3]"
    return STUDY.replace('low = 0.01, high = 1.0, scale = "log"', choices)


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "study.toml"

    def go(text, **options):
        path.write_text(text)
        records = cnnbench.run(
            path, "scripted", results=tmp_path / "results", jobs=1, progress=False, **options
        )
        return {(x.variant, x.replicate, x.member): x for x in records}

    return go


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "study" / "scripted"


def test_the_best_on_validation_images_stands_for_the_variant(run, folder):
    found = run(STUDY)
    for variant in ("plain", "wide"):
        for replicate in (0, 1):
            whole = found[variant, replicate, ""]
            parts = [found[variant, replicate, f"candidate {n}"] for n in range(1, 5)]
            scores = [part.metrics["validation"] for part in parts]
            ranks = [(-x["accuracy"], x["log_loss"], n) for n, x in enumerate(scores)]
            place = min(ranks)[2]
            assert whole.tuning.chosen == place
            assert whole.metrics == parts[place].metrics
            assert [x.trial for x in whole.tuning.candidates] == [x.trial for x in parts]
            assert [x.value for x in whole.tuning.candidates] == [x["accuracy"] for x in scores]
            asked, chosen = (read_predictions(folder, x.trial) for x in (whole, parts[place]))
            assert np.array_equal(asked.probabilities, chosen.probabilities)
            assert whole.costs.training == pytest.approx(sum(x.costs.training for x in parts))
            assert whole.costs.parameters == parts[place].costs.parameters


def test_every_variant_and_replicate_had_the_same_candidates_and_the_same_budget(run, folder):
    run(STUDY)
    records, _ = read_records(folder / "records.jsonl")
    made = [record for record in records if record.tuning]
    tried = [[dict(x.settings) for x in record.tuning.candidates] for record in made]
    assert len(made) == 4
    assert all(each == tried[0] for each in tried)
    assert [len(settings) for settings in tried[0]] == [0, 1, 1, 1]
    by_id = {record.trial: record for record in records}
    spent = [
        [(by_id[x.trial].samples.train, by_id[x.trial].epochs) for x in record.tuning.candidates]
        for record in made
    ]
    assert all(each == [(40, 2)] * 4 for each in spent)
    rates = [
        by_id[x.trial].settings["training"]["learning_rate"] for x in made[0].tuning.candidates
    ]
    assert rates == [0.1, *(x["training.learning_rate"] for x in tried[0][1:])]


def test_candidates_are_recorded_reused_and_not_compared(run, folder):
    first = run(STUDY)
    before = (folder / "records.jsonl").read_text()
    assert run(STUDY) == first
    assert (folder / "records.jsonl").read_text() == before
    assert list(cnnbench.compare(folder)["variant"]) == ["plain", "wide"]
    plan = read_plan(folder)
    assert {*plan.members} == {x.trial for x in first.values() if x.member}


def test_a_larger_budget_trains_only_the_further_candidates(run, folder):
    run(STUDY)
    before = len((folder / "records.jsonl").read_text().splitlines())
    run(STUDY.replace("candidates = 4", "candidates = 5"))
    after = len((folder / "records.jsonl").read_text().splitlines())
    assert after - before == 4 + 4  # a candidate and a choice for two variants in two replicates


def test_its_own_settings_are_the_trial_of_a_variant_that_is_not_tuned(run):
    found = run(STUDY + UNTUNED)
    for replicate in (0, 1):
        own = found["plain", replicate, ""].tuning.candidates[0]
        assert own.trial == found["untuned", replicate, ""].trial


def test_a_comparison_tells_what_was_chosen_and_where_budgets_differ(run, folder):
    run(STUDY)
    notes = cnnbench.compare(folder).attrs["notes"]
    (said,) = [note for note in notes if "plain: tuned" in note or "plain, wide: tuned" in note][:1]
    assert "the best of 4 candidates in each replicate by accuracy on validation images" in said
    assert "learning_rate" in said or "its own settings" in said
    assert not any("different budgets" in note for note in notes)
    run(STUDY + UNTUNED)
    notes = cnnbench.compare(folder).attrs["notes"]
    (said,) = [note for note in notes if "different budgets" in note]
    assert "4 for plain, wide; 0 for untuned" in said


def test_a_candidate_that_diverges_was_tried_and_lost(run):
    whole = run(bad(6.0))["plain", 0, ""]
    lost = [x for x in whole.tuning.candidates if x.value is None]
    assert [x.settings["training.learning_rate"] for x in lost] == [6.0]
    assert whole.status == "ok"
    assert whole.tuning.candidates[whole.tuning.chosen].value is not None


def test_a_candidate_that_fails_leaves_its_variant_open_until_it_does_not(run, monkeypatch):
    failed = run(bad(7.0))["plain", 0, ""]
    assert failed.status == "failed"
    assert failed.reason.startswith("candidate")
    monkeypatch.setenv("SCRIPTED_IS_MENDED", "1")
    assert {record.status for record in run(bad(7.0)).values()} == {"ok"}


def test_images_that_choose_and_judge_at_once_are_refused():
    """A leak planted in the split itself."""
    rows = np.arange(10)
    Split(rows[:4], rows[4:7], rows[7:])
    with pytest.raises(DataError, match="1 images are both validation and test images"):
        Split(rows[:4], rows[4:8], rows[7:])
    with pytest.raises(DataError, match="2 images are both training and test images"):
        Split(rows[:6], rows[6:8], np.array([4, 5, 9]))
