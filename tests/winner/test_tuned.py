"""Taking home a tuned variant: the setting that is best over all replicates."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import cnnbench
from cnnbench.errors import ResultsError
from cnnbench.results.record import Record, Status, Tried, Tuning
from cnnbench.winner.tuned import choose_setting

from .conftest import run_study, take_home

RECIPE = """
replicates = 3
[data]
source = "digits"
train = 40
validation = 30
test = 40
classes = ["1", "0", "7"]
[network]
filters = [2]
dense = []
[training]
epochs = 3
batch_size = 16
optimizer = "adam"
learning_rate = 0.0001
[tune]
candidates = 4
space = [{ key = "training.learning_rate", choices = [0.001, 0.01, 0.05] }]
[[variant]]
name = "tuned"
"""


def write(*replicates, metric="accuracy", chosen=0):
    """Records of one tuned variant. replicates: (accuracy, log loss) of each candidate."""
    records, tuned = [], []
    for number, candidates in enumerate(replicates):
        for place, value in enumerate(candidates):
            accuracy, loss = value or (None, None)
            records.append(
                Record(
                    trial=f"r{number}c{place}",
                    recipe="pets",
                    variant="tuned",
                    replicate=number,
                    backend="numpy",
                    status=Status.OK if value else Status.FAILED,
                    diverged=not value,
                    member=f"candidate {place + 1}",
                    metrics={"validation": {"accuracy": accuracy, "log_loss": loss}}
                    if value
                    else {},
                )
            )
        tried = tuple(
            Tried(trial=f"r{number}c{place}", settings={"training.epochs": place} if place else {})
            for place in range(len(candidates))
        )
        tuned.append(
            Record(
                trial=f"r{number}",
                recipe="pets",
                variant="tuned",
                replicate=number,
                backend="numpy",
                status=Status.OK,
                tuning=Tuning(metric=metric, chosen=chosen, candidates=tried),
            )
        )
    return SimpleNamespace(records=(*records, *tuned), place="results/pets/numpy"), tuned


def test_the_best_mean_over_the_replicates_is_taken_and_not_the_best_of_one():
    study, tuned = write([(0.9, 1.0), (0.8, 1.0)], [(0.5, 1.0), (0.7, 1.0)])
    found = choose_setting(study, tuned)
    assert (found.candidate, found.settings) == (1, {"training.epochs": 1})
    assert found.means == pytest.approx((0.7, 0.75))
    assert [record.trial for record in found.records] == ["r0c1", "r1c1"]
    assert found.chosen == (0, 0)


def test_equal_accuracies_are_told_apart_by_log_loss_and_log_loss_alone_may_choose():
    equal = [(0.8, 0.9), (0.8, 0.5)], [(0.8, 0.4), (0.8, 0.5)]
    assert choose_setting(*write(*equal)).candidate == 1
    by_loss = [(0.9, 0.9), (0.1, 0.5)], [(0.9, 0.4), (0.1, 0.5)]
    found = choose_setting(*write(*by_loss, metric="log_loss"))
    assert found.candidate == 1
    assert found.means == pytest.approx((0.65, 0.5))


def test_a_setting_that_diverged_in_a_replicate_is_not_taken():
    study, tuned = write([(0.9, 0.1), (0.2, 1.0)], [None, (0.2, 1.0)])
    found = choose_setting(study, tuned)
    assert found.candidate == 1
    assert found.means == (None, pytest.approx(0.2))
    nothing = write([(0.9, 0.1), None], [None, (0.2, 1.0)])
    with pytest.raises(ResultsError, match="no setting that tuned tried went well in all"):
        choose_setting(*nothing)


def test_candidates_whose_records_are_gone_are_a_sentence():
    study, tuned = write([(0.9, 0.1), (0.2, 1.0)])
    study.records = study.records[1:]
    with pytest.raises(ResultsError, match=r"numpy lacks records of the candidates that tuned tri"):
        choose_setting(study, tuned)


@pytest.mark.slow
@pytest.mark.usefixtures("scripted_path")
def test_it_is_trained_once_more_with_the_setting_that_the_provenance_names(tmp_path):
    records = run_study(tmp_path / "study.toml", RECIPE)
    home = take_home(tmp_path / "results", tmp_path / "winner")
    means = [
        np.mean(
            [
                x.metrics["validation"]["accuracy"]
                for x in records
                if x.member == f"candidate {place + 1}"
            ]
        )
        for place in range(4)
    ]
    assert len(set(means)) == 4, "else the choice is tested by nothing"
    best = int(np.argmax(means))
    assert best > 0
    told = json.loads((tmp_path / "winner" / "provenance.json").read_text())
    assert told["tuning"]["candidate"] == best + 1
    assert told["tuning"]["means"] == pytest.approx(means)
    assert told["tuning"]["replicates"] == [0, 1, 2]
    (network,) = home.retraining.networks
    rate = told["tuning"]["settings"]["training.learning_rate"]
    assert network.trial.configuration.training.rate == rate
    assert [x.learning_rate for x in home.trained.outcomes[0].history] == [rate] * 3
    assert len(network.images.split.train) == 70
    predictor = cnnbench.Predictor(tmp_path / "winner")
    assert predictor.classes_.tolist() == ["1", "0", "7"]
