"""Taking home a variant that starts from a base which the study trained."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from cnnbench.errors import ResultsError
from cnnbench.installed import installed_plugins
from cnnbench.results.layout import weights_file
from cnnbench.results.weights import read_weights
from cnnbench.winner.choice import choose
from cnnbench.winner.retraining import plan_retraining, retrain

from .conftest import run_study

pytestmark = pytest.mark.slow

STUDY = """
replicates = 2
[data]
source = "digits"
classes = ["5", "6"]
train = 12
validation = 6
test = 6
[network]
filters = [2, 3]
dense = []
[training]
epochs = 1
optimizer = "sgd"
[pretrain.lower]
data.classes = ["0", "1"]
data.train = 14
data.validation = 6
data.test = 6
network.filters = [2, 4]
[transfer]
weights = "cnnbench:lower"
head.pooling = "average"
head.dense = []
[[variant]]
name = "features"
"""


@pytest.fixture
def chosen(scripted_path, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    records = run_study(tmp_path / "study.toml", STUDY)
    folder = tmp_path / "results" / "study" / "scripted"
    base = next(x for x in records if x.member and x.replicate == 0)
    return SimpleNamespace(choice=choose(folder), folder=folder, base=base)


def test_it_is_trained_once_more_from_the_arrays_of_the_first_replicate(chosen):
    plugins = installed_plugins()
    retraining = plan_retraining(chosen.choice, plugins)
    (trial,) = retraining.trials
    assert trial.variant == "features"
    outcome = retrain(retraining, plugins, lambda _: None)[trial.id]
    arrays = read_weights(chosen.folder, chosen.base.trial)
    assert arrays["conv_2/kernel"].shape == (3, 3, 2, 4), "the base's own network"
    np.testing.assert_array_equal(outcome.weights["conv_2/kernel"], arrays["conv_2/kernel"])


def test_a_base_whose_arrays_are_gone_is_one_sentence(chosen):
    weights_file(chosen.folder, chosen.base.trial).unlink()
    with pytest.raises(ResultsError, match=r"the arrays of pretrain\.lower are gone"):
        plan_retraining(chosen.choice, installed_plugins())


def test_a_base_without_a_record_is_one_sentence(chosen):
    file = chosen.folder / "records.jsonl"
    kept = [x for x in file.read_text().splitlines() if not json.loads(x)["member"]]
    file.write_text("\n".join(kept) + "\n")
    with pytest.raises(ResultsError, match="has no record of the base lower, whose network"):
        plan_retraining(choose(chosen.folder), installed_plugins())
