"""Ensembles from recipe to record, on a backend that can be made to fail."""

import json
import weakref

import numpy as np
import pytest

import cnnbench
from cnnbench.planning.prepare import RunOptions, prepare
from cnnbench.plugin import TrialEnded
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
[[variant]]
name = "one"
[[variant]]
name = "other"
training.learning_rate = 0.2
"""
AVERAGE = """
[[variant]]
name = "average"
ensemble.method = "average"
ensemble.members = 3
"""
BAGGING = """
[[variant]]
name = "bagging"
ensemble.method = "bagging"
ensemble.members = 2
"""
STACKING = """
[[variant]]
name = "stacking"
ensemble.method = "stacking"
ensemble.of = ["one", "other"]
ensemble.folds = 2
"""


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


def lines(folder):
    return (folder / "records.jsonl").read_text().splitlines()


def probabilities(folder, record):
    return read_predictions(folder, record.trial).probabilities


def test_an_average_is_the_mean_of_its_networks_and_costs_their_sum(run, folder):
    found = run(STUDY + AVERAGE)
    whole = found["average", 1, ""]
    # Its first network is the variant that trains alone, which is not trained a second time.
    parts = [found["one", 1, ""], *(found["average", 1, f"network {n}"] for n in (2, 3))]
    assert whole.ensemble.trials == tuple(part.trial for part in parts)
    assert len(lines(folder)) == 2 * (2 + 2 + 1)
    mean = np.mean([probabilities(folder, part) for part in parts], axis=0)
    assert probabilities(folder, whole) == pytest.approx(mean, abs=1e-6)
    accuracies = [part.metrics["test"]["accuracy"] for part in parts]
    assert list(whole.ensemble.accuracies) == accuracies
    assert whole.costs.training == pytest.approx(sum(part.costs.training for part in parts))
    assert whole.costs.parameters == 3 * parts[0].costs.parameters
    assert whole.epochs == 6
    assert whole.samples == parts[0].samples
    # Other weights and order, but the same images: what is compared is paired.
    assert len({part.samples.model_dump_json() for part in parts}) == 1
    assert len({probabilities(folder, part).tobytes() for part in parts}) == 3


def test_what_is_compared_leaves_out_networks_that_are_only_parts(run, folder):
    run(STUDY + AVERAGE)
    table = cnnbench.compare(folder)
    assert table.index.tolist() == ["one", "other", "average"] or list(table["variant"]) == [
        "one",
        "other",
        "average",
    ]
    assert not [note for note in table.attrs["notes"] if "left out" in note]
    assert any("3 networks together; alone" in note for note in table.attrs["notes"])
    (folder / "plan.json").unlink()
    assert len(cnnbench.compare(folder)) == 3


def test_nothing_is_trained_twice(run, folder):
    first = run(STUDY + AVERAGE)
    before = lines(folder)
    assert run(STUDY + AVERAGE) == first
    assert lines(folder) == before


def test_an_ensemble_of_recorded_variants_trains_nothing(run, folder):
    run(STUDY)
    before = len(lines(folder))
    of = '[[variant]]\nname = "both"\nensemble.method = "average"\nensemble.of = ["one", "other"]\n'
    found = run(STUDY + of)
    assert len(lines(folder)) == before + 2
    assert found["both", 0, ""].ensemble.trials == (
        found["one", 0, ""].trial,
        found["other", 0, ""].trial,
    )


def test_bagging_trains_each_network_on_a_bootstrap_sample(run, folder):
    found = run(STUDY + BAGGING)
    assert found["bagging", 0, ""].ensemble.networks == 2
    alone = found["one", 0, ""]
    for number in (1, 2):
        part = found["bagging", 0, f"network {number}"]
        assert part.trial != alone.trial
        assert part.samples.train == 40
        assert part.samples.by_class["train"] != alone.samples.by_class["train"]
        assert part.samples.by_class["test"] == alone.samples.by_class["test"]


def test_stacking_learns_from_training_images_and_is_tested_on_test_images(run, folder):
    found = run(STUDY + STACKING)
    whole = found["stacking", 0, ""]
    assert whole.ensemble.networks == 6
    test = read_predictions(folder, whole.trial).rows
    assert np.array_equal(test, read_predictions(folder, found["one", 0, ""].trial).rows)
    held = [
        read_predictions(folder, record.trial).rows
        for record in read_records(folder / "records.jsonl")[0]
        if record.member.startswith("without part") and record.replicate == 0
    ]
    assert len(held) == 4
    for rows in held:
        assert not set(rows) & set(test)
    assert len({tuple(rows) for rows in held}) == 2  # the same parts for both variants
    assert len(set(np.concatenate(held))) == 40


def test_boosting_and_snapshots_are_trials_that_say_what_they_are_made_of(run, folder):
    boosting = '[[variant]]\nname = "boost"\nensemble.method = "boosting"\nensemble.members = 3\n'
    snapshot = '[[variant]]\nname = "snap"\nensemble.method = "snapshot"\nensemble.members = 2\n'
    found = run(STUDY + boosting + snapshot)
    boost, snap, one = (found[name, 0, ""] for name in ("boost", "snap", "one"))
    assert 1 <= boost.ensemble.networks <= 3
    assert len(boost.ensemble.weights) == len(boost.ensemble.accuracies) == boost.ensemble.networks
    assert snap.ensemble.networks == 2
    assert snap.epochs == one.epochs == 2
    assert snap.costs.parameters == 2 * one.costs.parameters
    history = (folder / "history" / f"{snap.trial}.csv").read_text().splitlines()[1:]
    rates = [float(line.split(",")[-2]) for line in history]
    assert rates == [0.1, 0.1]  # one epoch each, so that each begins anew


def test_an_ensemble_whose_network_fails_says_which_and_is_made_once_it_does_not(
    run, folder, monkeypatch
):
    failing = STUDY.replace("learning_rate = 0.2", "learning_rate = 7.0") + STACKING
    failed = run(failing)["stacking", 0, ""]
    assert failed.status == "failed"
    assert failed.reason.startswith("variant other ended as failed: RuntimeError")
    monkeypatch.setenv("SCRIPTED_IS_MENDED", "1")
    assert {record.status for record in run(failing).values()} == {"ok"}


def test_running_an_ensemble_alone_runs_the_variants_it_is_made_of(tmp_path):
    from cnnbench.installed import installed_plugins

    path = tmp_path / "study.toml"
    path.write_text(STUDY + STACKING + BAGGING)
    options = RunOptions(tmp_path / "results")
    prepared = prepare(path, ["scripted"], installed_plugins(), options, variants=["stacking"])
    assert {trial.place.partition(",")[0] for trial in prepared.trials} == {"one", "other"}
    assert len(prepared.trials) == 2 * (2 + 4)


def test_the_plan_tells_networks_of_ensembles_from_trials(run, folder):
    found = run(STUDY + AVERAGE)
    plan = read_plan(folder)
    assert {*plan.members} == {x.trial for x in found.values() if x.member}
    assert not {*plan.members} & {*plan.trials}
    assert json.loads((folder / "plan.json").read_text())["variants"][-1] == "average"


def test_looks_wait_for_the_networks_of_an_ensemble_of_others(run, folder):
    of = '[[variant]]\nname = "both"\nensemble.method = "average"\nensemble.of = ["one", "other"]\n'
    found = run(STUDY.replace("replicates = 2", "replicates = { from = 5, to = 6 }") + of)
    replicates = {name: {r for n, r, _ in found if n == name} for name in ("one", "other", "both")}
    assert replicates["one"] >= replicates["both"] >= {0, 1, 2, 3, 4}
    assert replicates["other"] >= replicates["both"]


@pytest.mark.parametrize(("more", "most"), [("", 3), (AVERAGE, 3 + 3)])
def test_no_record_is_kept_that_nothing_waits_for(tmp_path, more, most):
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace("replicates = 2", "replicates = 8") + more)
    heard, alive = [], []

    def listen(event):
        if isinstance(event, TrialEnded):
            heard.append(weakref.ref(event.outcome.record))
            alive.append(sum(record() is not None for record in heard))

    cnnbench.run(path, "scripted", results=tmp_path / "results", jobs=1, progress=listen)
    assert len(heard) == 8 * (4 if more else 2)  # the first member is the variant itself
    assert max(alive) <= most
