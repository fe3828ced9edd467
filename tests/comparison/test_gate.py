"""What a pipeline may go on with, and what stops it."""

from __future__ import annotations

import pytest

from cnnbench.comparison.gate import gate
from cnnbench.comparison.metrics import find_measure
from cnnbench.comparison.requirements import parse_requirement
from cnnbench.errors import ComparisonError
from cnnbench.report.gate import ruling_text
from cnnbench.results.read import read_results
from cnnbench.results.record import Costs, Status

VALUES = [0.90, 0.91, 0.92, 0.90, 0.91]


def lower(values, by):
    return [value - by for value in values]


def judged(results, stored=None, *requirements, metric="accuracy"):
    return gate(
        read_results([results]),
        stored and read_results([stored]),
        [parse_requirement(text) for text in requirements],
        find_measure(metric, "test"),
    )


def outcomes(*arguments, **options):
    return [str(ruling.outcome) for ruling in judged(*arguments, **options).rulings]


@pytest.mark.parametrize(
    ("loss", "outcome"),
    [
        ([0, 0, 0, 0, 0], "holds"),
        ([-0.02, -0.03, -0.02, -0.03, -0.02], "holds"),  # a gain
        ([0.003, 0.004, 0.003, 0.004, 0.003], "holds"),  # surely less than a point
        ([0.03, 0.04, 0.03, 0.04, 0.03], "does not hold"),
        ([0.03, -0.03, 0.05, -0.04, 0.01], "open"),
    ],
)
def test_a_loss_is_judged_pair_by_pair(study, reference, loss, outcome):
    stored = reference().add("plain", VALUES).write()
    now = [value - each for value, each in zip(VALUES, loss, strict=True)]
    assert outcomes(study().add("plain", now).write(), stored) == [outcome]


def test_one_replicate_settles_nothing(study, reference):
    stored = reference().add("plain", [0.9]).write()
    assert outcomes(study().add("plain", [0.9]).write(), stored) == ["open"]


def test_several_losses_are_corrected_for_each_other(study, reference):
    loss = [0.02, 0.045, 0.03, 0.06, 0.005]  # p = .028 by itself
    now, stored = study(), reference()
    now.add("plain", [v - x for v, x in zip(VALUES, loss, strict=True)])
    stored.add("plain", VALUES)
    assert outcomes(now.write(), stored.write()) == ["does not hold"]
    noise = [0.03, -0.03, 0.05, -0.04, 0.01]
    for name in ("dropout", "l1", "l2"):
        now.add(name, [v - x for v, x in zip(VALUES, noise, strict=True)])
        stored.add(name, VALUES)
    assert outcomes(now.write(), stored.write())[0] == "open"


def test_trials_of_other_ids_pair_by_images_and_settings(study, reference):
    stored, now = reference(), study()
    for replicate, value in enumerate(VALUES):
        stored.add_one("plain", replicate, value=value, trial=f"old-{replicate}")
        now.add_one("plain", replicate, value=value)
    assert outcomes(now.write(), stored.write()) == ["holds"]


def test_trials_of_other_settings_make_no_pair(study, reference):
    stored = reference()
    for replicate, value in enumerate(VALUES):
        stored.add_one(
            "plain",
            replicate,
            value=value,
            trial=f"old-{replicate}",
            settings={"training": {"epochs": 3}},
        )
    (ruling,) = judged(study().add("plain", VALUES).write(), stored.write()).rulings
    assert ruling_text(ruling) == (
        "open: no loss of accuracy in plain (mnist on torch): "
        "other settings than stored: training.epochs 10 and 3"
    )


def test_survivors_alone_do_not_hold(study, reference):
    stored = reference().add("plain", VALUES).write()
    now = study().add("plain", VALUES[:4]).add_one("plain", 4, status=Status.FAILED)
    (ruling,) = judged(now.write(), stored).rulings
    assert ruling.outcome == "open"
    assert ruling.why == "1 of 5 pairs have no accuracy"


def test_fewer_replicates_than_stored_are_enough_where_no_more_were_asked_for(study, reference):
    stored = reference().add("plain", VALUES).write()
    assert outcomes(study().add("plain", VALUES[:3]).write(), stored) == ["holds"]


def test_a_variant_that_diverges_where_the_stored_did_not_does_not_hold(study, reference):
    stored = reference().add("plain", VALUES).write()
    now = study().add("plain", VALUES[:4])
    now.add_one("plain", 4, status=Status.FAILED, diverged=True)
    (ruling,) = judged(now.write(), stored).rulings
    assert (ruling.outcome, ruling.why) == (
        "does not hold",
        "diverges 1/5, as the stored did not",
    )


def test_a_stored_variant_that_was_not_run_leaves_it_open(study, reference):
    stored = reference().add("plain", VALUES).add("dropout", VALUES).write()
    found = judged(study().add("plain", VALUES).write(), stored)
    assert [str(ruling.outcome) for ruling in found.rulings] == ["holds", "open"]
    assert found.outcome == "open"


def test_a_variant_that_is_not_stored_is_told_in_a_note(study, reference):
    stored = reference().add("plain", VALUES).write()
    found = judged(study().add("plain", VALUES).add("new", VALUES).write(), stored)
    assert found.outcome == "holds"
    assert found.notes == ("mnist on torch: no result of new is stored to compare with",)


def test_stored_results_below_the_others_are_not_judged_by_themselves(study, reference):
    stored = reference().add("plain", VALUES).write()
    now = study().add("plain", lower(VALUES, 0.05)).write()
    assert outcomes(now.parent.parent, stored) == ["does not hold"]
    with pytest.raises(ComparisonError, match="the results are the stored ones themselves"):
        judged(stored, stored)


def test_of_a_metric_without_a_margin_any_certain_loss_counts(study, reference):
    stored = reference().add("plain", [0.30, 0.31, 0.32], metric="log_loss").write()
    now = study().add("plain", [0.31, 0.3201, 0.3302], metric="log_loss").write()
    assert outcomes(now, stored, metric="log_loss") == ["does not hold"]


@pytest.mark.parametrize(
    ("gain", "requirement", "outcome"),
    [
        ([0.03, 0.04, 0.03, 0.04, 0.03], "dropout better", "holds"),
        ([0.03, 0.04, 0.03, 0.04, 0.03], "dropout not worse", "holds"),
        ([0.03, 0.04, 0.03, 0.04, 0.03], "dropout worse", "does not hold"),
        ([0.03, 0.04, 0.03, 0.04, 0.03], "dropout same", "does not hold"),
        ([-0.03, -0.04, -0.03, -0.04, -0.03], "dropout better", "does not hold"),
        ([-0.03, -0.04, -0.03, -0.04, -0.03], "dropout not worse", "does not hold"),
        ([-0.03, -0.04, -0.03, -0.04, -0.03], "dropout worse", "holds"),
        ([0, 0, 0, 0, 0], "dropout same", "holds"),
        ([0, 0, 0, 0, 0], "dropout better", "does not hold"),
        ([0.03, -0.03, 0.05, -0.04, 0.01], "dropout better", "open"),
        ([0.03, -0.001, 0.02, 0.0, 0.02], "dropout not worse", "holds"),
    ],
)
def test_a_verdict_is_the_one_of_the_table(study, gain, requirement, outcome):
    values = [value + each for value, each in zip(VALUES, gain, strict=True)]
    results = study().add("plain", VALUES).add("dropout", values).write()
    assert outcomes(results, None, requirement) == [outcome]


def test_a_verdict_of_pairs_that_are_not_all_there_is_open(study):
    writer = study().add("plain", VALUES).add("dropout", [x + 0.05 for x in VALUES[:4]])
    (ruling,) = judged(writer.write(replicates=5), None, "dropout better").rulings
    assert (ruling.outcome, ruling.verdict) == ("open", "better")
    assert ruling.why == "1 of 5 pairs are missing"


def test_a_requirement_is_judged_on_every_backend(study):
    for backend, gain in (("torch", 0.05), ("jax", -0.05)):
        writer = study(backend=backend).add("plain", VALUES)
        folder = writer.add("dropout", lower(VALUES, -gain)).write()
    found = judged(folder.parent.parent, None, "dropout better")
    assert {ruling.place: str(ruling.outcome) for ruling in found.rulings} == {
        "mnist on torch": "holds",
        "mnist on jax": "does not hold",
    }
    assert found.outcome == "does not hold"


@pytest.mark.parametrize(
    ("requirement", "outcome"),
    [
        ("accuracy of plain >= 0.8", "holds"),
        ("accuracy of plain >= 80 %", "holds"),
        ("accuracy of plain > .8", "holds"),
        ("accuracy of plain >= 0.95", "does not hold"),
        ("accuracy of plain <= 0.95", "holds"),
        ("accuracy of plain < 0.8", "does not hold"),
        ("accuracy of plain >= 0.905", "open"),
        ("parameters of plain <= 1000", "holds"),
        ("parameters of plain < 1000", "does not hold"),
        ("training of plain <= 60", "holds"),
    ],
)
def test_a_figure_holds_where_its_whole_interval_does(study, requirement, outcome):
    results = study().add("plain", VALUES).write()
    assert outcomes(results, None, requirement) == [outcome]


def test_a_figure_of_trials_that_did_not_all_end_is_open(study):
    writer = study().add("plain", VALUES).add_one("plain", 5, status=Status.TIMEOUT)
    (ruling,) = judged(writer.write(), None, "accuracy of plain >= 0.8").rulings
    assert (ruling.outcome, ruling.why) == ("open", "1 of 6 trials have no accuracy")


def test_a_figure_of_a_variant_that_diverges_does_not_hold(study):
    writer = study().add("plain", VALUES)
    writer.add_one("plain", 5, status=Status.FAILED, diverged=True)
    assert outcomes(writer.write(), None, "accuracy of plain >= 0.1") == ["does not hold"]


def test_a_ruling_is_a_sentence_with_its_evidence(study, reference):
    stored = reference().add("plain", VALUES).write()
    now = study().add("plain", lower(VALUES, 0.05)).write()
    loss, figure = judged(now, stored, "accuracy of plain >= 0.5").rulings
    assert ruling_text(loss).startswith(
        "does not hold: no loss of accuracy in plain (mnist on torch): -5.0"
    )
    assert ruling_text(loss).endswith("points, 5 pairs")
    assert ruling_text(figure).startswith(
        "holds: accuracy of plain >= 0.5 (mnist on torch): 85.8 ± 1."
    )


def test_a_name_in_a_ruling_is_no_command_to_a_terminal(study):
    results = study().add("red\x1b[31m\nx", VALUES).write()
    (ruling,) = judged(results, None, "accuracy of red\x1b[31m\nx >= 0.5").rulings
    assert ruling_text(ruling).startswith("holds: accuracy of red\\x1b[31m x >= 0.5")


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("dropuot better", "there is no variant 'dropuot' here; did you mean 'dropout'?"),
        ("accuracy of x >= 0.5", "there is no variant 'x' here; variants: plain, dropout"),
        ("plain better", "plain is the baseline"),
        ("dropout good", "is no requirement; write VARIANT and one of better"),
        ("", "is no requirement"),
        ("accuracy of dropout = 0.9", "is no requirement"),
        ("acuracy of dropout >= 0.9", "did you mean 'accuracy'?"),
        ("accuracy of dropout >= 92", "lies between 0 and 1; 92 % is 0.92"),
        ("log_loss of dropout <= 3 %", "log_loss is no fraction; leave out the %"),
    ],
)
def test_a_requirement_that_makes_no_sense_gets_a_sentence(study, requirement, said):
    results = study().add("plain", VALUES).add("dropout", VALUES).write()
    with pytest.raises(ComparisonError) as caught:
        judged(results, None, requirement)
    assert said in str(caught.value)


def test_counts_have_no_verdict_and_no_loss(study, reference):
    costs = Costs(parameters=1000)
    stored = reference().add("plain", VALUES, costs=costs).write()
    results = study().add("plain", VALUES).add("dropout", VALUES).write()
    with pytest.raises(ComparisonError, match="'parameters of dropout <= 100000'"):
        judged(results, None, "dropout better", metric="parameters")
    with pytest.raises(ComparisonError, match="parameters are counted and lose nothing by chance"):
        judged(results, stored, metric="parameters")


def test_there_has_to_be_something_to_judge_by(study):
    with pytest.raises(ComparisonError, match="give --against STORED, or --require"):
        judged(study().add("plain", VALUES).write())


def test_a_study_that_is_not_stored_is_an_error_where_none_is(study, reference):
    stored = reference(recipe="other").add("plain", VALUES).write()
    with pytest.raises(ComparisonError, match="--against holds other on torch"):
        judged(study().add("plain", VALUES).write(), stored)


@pytest.mark.parametrize("name", ["max pool", "not worse", "a < b", "better"])
def test_any_name_of_a_variant_can_be_required(name):
    assert parse_requirement(f"{name} better").variant == name
    assert parse_requirement(f"accuracy of {name} >= 0.5").variant == name
