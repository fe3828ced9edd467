"""Taking home an ensemble: its networks trained once more, and put together as recorded."""

import json
import shutil
from functools import cache

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import cnnbench
from cnnbench.errors import OptionsError, ResultsError
from cnnbench.installed import installed_plugins
from cnnbench.results.details import read_predictions
from cnnbench.results.read import read_results
from cnnbench.winner.choice import choose
from cnnbench.winner.ensemble import read_taken, refuse_ensemble
from cnnbench.winner.explanation.finding import SubjectAsked, find_subject
from cnnbench.winner.retraining import plan_retraining

from .conftest import DIGITS, run_study, scripted_found, take_home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]
RECIPE = """
replicates = 2
seed = 4
[data]
source = "digits"
train = 60
validation = 30
test = 40
normalization = "standardize"
classes = ["1", "0", "7"]
[network]
filters = [2]
dense = []
[training]
epochs = 4
batch_size = 16
optimizer = "adam"
learning_rate = 0.05
[[variant]]
name = "one"
[[variant]]
name = "wide"
network.filters = [3]
[[variant]]
name = "average"
ensemble.method = "average"
ensemble.members = 2
[[variant]]
name = "bagging"
training.early_stopping.patience = 1
ensemble.method = "bagging"
ensemble.members = 2
[[variant]]
name = "stacking"
ensemble.method = "stacking"
ensemble.of = ["one", "wide"]
ensemble.folds = 2
[[variant]]
name = "boosting"
training.epochs = 1
training.learning_rate = 0.02
ensemble.method = "boosting"
ensemble.members = 2
[[variant]]
name = "snapshot"
ensemble.method = "snapshot"
ensemble.members = 2
[[variant]]
name = "mixed"
ensemble.method = "average"
ensemble.of = ["wide", "boosting"]
"""
ENSEMBLES = ["average", "bagging", "stacking", "boosting", "snapshot", "mixed"]


@pytest.fixture(scope="module")
def ensembles(scripted, tmp_path_factory):
    """The recorded study."""
    folder = tmp_path_factory.mktemp("ensembles")
    with scripted_found(scripted):
        run_study(folder / "several.toml", RECIPE)
    return folder / "results"


@pytest.fixture(scope="module")
def home(ensembles, tmp_path_factory):
    """Each ensemble taken home, once it is asked for."""

    @cache
    def take(variant):
        return take_home(ensembles, tmp_path_factory.mktemp(variant) / "winner", variant=variant)

    return take


def recorded(study):
    (found,) = read_results([study]).studies
    return found


def votes_by_hand(answers, weights):
    """SAMME's probabilities by Zhu et al. (2009), section 4.2, worked out image by image."""
    classes = answers[0].shape[1]
    rows = []
    for place in range(len(answers[0])):
        score = np.zeros(classes)
        for answer, weight in zip(answers, weights, strict=True):
            for number in range(classes):
                is_it = number == answer[place].argmax()
                score[number] += weight if is_it else -weight / (classes - 1)
        rows.append(softmax(score / sum(weights) / (classes - 1)))
    return np.array(rows)


def together_by_hand(folder, pixels):
    """The answer of a folder from those of the folders in it, by its model.json."""
    model = json.loads((folder / "model.json").read_text())
    if "networks" not in model:
        return cnnbench.Predictor(folder).predict_proba(pixels)
    count = len(model["networks"])
    answers = [together_by_hand(folder / "networks" / str(1 + n), pixels) for n in range(count)]
    if model["rule"] == "votes":
        return votes_by_hand(answers, model["votes"])
    if model["rule"] == "mean":
        return np.mean(answers, axis=0)
    arrays = load_file(folder / "regression.safetensors")
    scores = np.hstack(answers) @ arrays["coefficients"].T + arrays["intercepts"]
    return softmax(scores, axis=1)


@pytest.mark.parametrize("variant", ENSEMBLES)
def test_the_folder_gives_the_networks_answers_put_together(home, ensembles, variant):
    taken = home(variant)
    kept = np.load(taken.folder / "predictions.npz")
    pixels = DIGITS[kept["rows"]]
    probabilities = cnnbench.Predictor(taken.folder).predict_proba(pixels)
    # the reference computes in float64, and the arrays are float32
    np.testing.assert_allclose(probabilities, kept["probabilities"], atol=1e-6)
    expected = together_by_hand(taken.folder, pixels)
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    told = json.loads((taken.folder / "provenance.json").read_text())
    truth = load_digits().target[kept["rows"]].astype(str)
    classes = np.array(["1", "0", "7"])
    assert told["test_accuracy"] == (classes[expected.argmax(axis=1)] == truth).mean() > 0.4
    assert told["variant"] == variant
    assert told["chosen_by"] == "name, with --variant"


@pytest.mark.parametrize("variant", ENSEMBLES)
def test_no_network_learns_from_a_test_image(home, ensembles, variant):
    study, taken = recorded(ensembles), home(variant)
    record = next(x for x in study.records if x.variant == variant and not x.member)
    tested = read_predictions(study.folder, record.trial).rows
    np.testing.assert_array_equal(taken.trained.predictions.rows, tested)
    planned = [*taken.retraining.networks, *(x for y in taken.retraining.held_out for x in y)]
    for each in planned:
        assert not set(each.images.split.train) & set(tested)
        assert not len(each.images.split.validation)


def test_bootstrap_samples_are_of_training_and_validation_images(home):
    networks = home("bagging").retraining.networks
    samples = [tuple(each.images.split.train) for each in networks]
    assert len(set(samples)) == 2
    assert all(len(sample) == 90 for sample in samples)
    # all are drawn from the same 90; each has about 63 % of them, so that two have 86 %
    assert 70 <= len(set().union(*samples)) <= 90
    assert all(len(set(sample)) < 70 for sample in samples)


def test_stacking_predicts_each_image_by_a_network_that_has_not_seen_it(home):
    retraining = home("stacking").retraining
    own = set(retraining.networks[0].images.split.train)
    assert len(own) == 90
    for parts in retraining.held_out:
        predicted = [set(each.images.split.test) for each in parts]
        assert [len(x) for x in predicted] == [45, 45]
        assert predicted[0] | predicted[1] == own
        for each in parts:
            assert set(each.images.split.train) == own - set(each.images.split.test)


def test_stackings_regression_is_scikit_learns(home):
    retraining, outcomes = home("stacking").retraining, home("stacking").outcomes
    columns, labels = [], {}
    for parts in retraining.held_out:
        by_row = {}
        for each in parts:
            outcome = outcomes[each.trial.id]
            by_row |= dict(zip(outcome.rows.tolist(), outcome.predictions, strict=True))
            labels |= dict(zip(outcome.rows.tolist(), outcome.labels.tolist(), strict=True))
        columns.append([by_row[row] for row in sorted(by_row)])
    expected = LogisticRegression().fit(np.hstack(columns), [labels[x] for x in sorted(labels)])
    arrays = load_file(home("stacking").folder / "regression.safetensors")
    np.testing.assert_allclose(arrays["coefficients"], expected.coef_, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(arrays["intercepts"], expected.intercept_, rtol=1e-3, atol=1e-5)
    assert arrays["classes"].tolist() == [0, 1, 2]


def test_each_network_is_trained_as_long_as_its_like_counted(home, ensembles):
    study = recorded(ensembles)
    networks = home("bagging").retraining.networks
    for number, each in enumerate(networks, 1):
        records = [
            x for x in study.records if x.variant == "bagging" and x.member == f"network {number}"
        ]
        best = sorted(x.best_epoch for x in records)
        assert len(best) == 2
        assert each.epochs == (best[0],), "the lower one of two"


def test_networks_are_as_many_as_the_method_has(home):
    counted = {
        variant: len(read_taken(home(variant).folder).leaves)
        for variant in ("average", "bagging", "stacking", "snapshot")
    }
    assert counted == {"average": 2, "bagging": 2, "stacking": 2, "snapshot": 2}
    mixed = read_taken(home("mixed").folder)
    assert len(mixed.networks) == 2
    assert len(mixed.leaves) > 2, "boosting is an ensemble itself"


def test_ensembles_are_chosen_by_validation_images_as_all_variants_are(ensembles):
    """The value of the average is that of the mean of what its networks said of these images."""
    study = recorded(ensembles)
    choice = choose(ensembles)
    assert {one.variant for one in choice.candidates} == {"one", "wide", *ENSEMBLES}
    assert not any("left out" in note for note in choice.notes)
    record = next(x for x in study.records if x.variant == "average" and not x.member)
    kept = [np.load(study.folder / "predictions" / f"{x}.npz") for x in record.ensemble.trials]
    mean = np.mean([x["validation_probabilities"] for x in kept], axis=0)
    right = (mean.argmax(axis=1) == kept[0]["validation_labels"]).mean()
    assert record.metrics["validation"]["accuracy"] == pytest.approx(right)
    rows = kept[0]["validation_rows"]
    assert len(rows) == 30
    assert not set(rows) & set(kept[0]["rows"])
    value = next(one.values[0] for one in choice.candidates if one.variant == "average")
    assert value == pytest.approx(right)


def test_where_members_answers_to_validation_images_were_not_kept_the_ensemble_is_left_out(
    ensembles, tmp_path
):
    """As in records of before they were."""
    results = shutil.copytree(ensembles, tmp_path / "results")
    file = results / "several" / "scripted" / "records.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for record in lines:
        if (record["ensemble"] or {}).get("trials"):
            record["metrics"].pop("validation")
    file.write_text("".join(f"{json.dumps(record)}\n" for record in lines))
    choice = choose(results)
    assert "average" not in {one.variant for one in choice.candidates}
    assert any(x.startswith("average is left out, as its records hold no") for x in choice.notes)
    assert choose(results, variant="average").variant == "average"


def test_what_a_single_network_can_is_refused_in_a_sentence(home):
    taken = read_taken(home("stacking").folder)
    said = r"is an ensemble of 2 networks, and only one can be exported: name it, such as .*/1$"
    with pytest.raises(ResultsError, match=said):
        refuse_ensemble(taken, "exported")
    with pytest.raises(ResultsError, match=r"only one can be explained"):
        cnnbench.Predictor(home("stacking").folder).explain(DIGITS[:1])
    assert refuse_ensemble(taken.networks[0], "exported") is taken.networks[0]


@pytest.mark.parametrize("variant", ["average", "boosting"])
def test_records_of_an_ensemble_are_not_explained_as_one_network(ensembles, variant):
    with pytest.raises(OptionsError, match=rf"{variant} in .* is an ensemble, and one network can"):
        find_subject(SubjectAsked(str(ensembles), variant=variant), installed_plugins())


def exchange(folder):
    shutil.rmtree(folder / "networks" / "1")
    shutil.copytree(folder / "networks" / "2", folder / "networks" / "1")


def lose(folder):
    shutil.rmtree(folder / "networks" / "2")


def retell(folder, **changes):
    model = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(model | changes))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (exchange, r"networks/1 is not the network that .*model\.json was saved with"),
        (lose, r"networks/2 is no winner's folder, as there is no .*networks/2/model\.json"),
        (
            lambda x: (x / "regression.safetensors").write_bytes(b"others"),
            r"regression\.safetensors is damaged, or not the file",
        ),
        (lambda x: (x / "regression.safetensors").unlink(), r"can't be read: it does not exist"),
        (lambda x: retell(x, rule="votes", votes=[1.0]), "not a vote for each network"),
        (
            lambda x: retell(x, rule="guess"),
            r"model\.json is damaged, or of a newer cnnbench: rule",
        ),
        (lambda x: retell(x, format=3), "was written by a newer cnnbench"),
        (lambda x: retell(x, classes=["a", "b", "c"]), "its networks tell other classes apart"),
    ],
)
def test_files_that_dont_belong_together_are_a_sentence(home, tmp_path, spoil, said):
    folder = shutil.copytree(home("stacking").folder, tmp_path / "spoilt")
    spoil(folder)
    with pytest.raises(ResultsError, match=said):
        read_taken(folder)


def test_records_of_a_member_that_are_gone_are_a_sentence(ensembles, tmp_path):
    results = shutil.copytree(ensembles, tmp_path / "results")
    file = results / "several" / "scripted" / "records.jsonl"
    kept = [x for x in file.read_text().splitlines() if json.loads(x)["member"] != "network 2"]
    file.write_text("".join(f"{line}\n" for line in kept))
    with pytest.raises(ResultsError, match=r"has no record of trial \w+, which bagging is made of"):
        plan_retraining(choose(results, variant="bagging"), installed_plugins())
