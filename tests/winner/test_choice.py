"""Which variant is taken: by validation images, whatever the test images say."""

import pytest

from cnnbench.errors import ComparisonError, ResultsError
from cnnbench.results.record import Costs, Plan, Record, Status
from cnnbench.results.store import Store
from cnnbench.winner.choice import choose


def write(results, validation, test=None, *, folds=0, seed=5, parameters=None, name="accuracy"):
    """A study of variants by their values on validation images; None: nothing is recorded."""
    trials = {
        f"{variant}{replicate}": (variant, replicate, 0 if folds else None)
        for variant, values in validation.items()
        for replicate in range(len(values))
    }
    plan = Plan(
        recipe="pets",
        backend="torch",
        baseline=next(iter(validation)),
        variants=tuple(validation),
        replicates=len(next(iter(validation.values()))),
        folds=folds,
        trials=trials,
        seed=seed,
    )
    with Store(results, "pets", "torch") as store:
        store.write_plan(plan)
        for trial, (variant, replicate, fold) in trials.items():
            value = validation[variant][replicate]
            if value is None:
                continue
            metrics = {"test": {"accuracy": (test or {}).get(variant, 0.5)}}
            if isinstance(value, float):
                metrics["validation"] = {name: value}
            record = Record(
                trial=trial,
                recipe="pets",
                variant=variant,
                replicate=replicate,
                fold=fold,
                backend="torch",
                status=Status.FAILED if value == "diverged" else Status.OK,
                diverged=value == "diverged",
                reason="the loss became nan" if value == "diverged" else "",
                metrics={} if value == "diverged" else metrics,
                costs=Costs(parameters=(parameters or {}).get(variant)),
            )
            store.append(record)
    return results


def test_test_images_have_no_part_in_the_choice(tmp_path):
    means = {"plain": [0.8, 0.7], "dropout": [0.8, 0.9]}
    write(tmp_path, means, test={"plain": 1.0, "dropout": 0.1})
    choice = choose(tmp_path)
    assert choice.variant == "dropout"
    assert [one.mean for one in choice.candidates] == pytest.approx([0.85, 0.75])
    assert [record.trial for record in choice.records] == ["dropout0", "dropout1"]
    assert choice.notes == ()


def test_of_a_loss_the_lowest_is_the_best(tmp_path):
    write(tmp_path, {"plain": [0.8, 0.7], "dropout": [0.8, 0.9]}, name="log_loss")
    assert choose(tmp_path, "log_loss").variant == "plain"


def test_of_equals_the_smaller_network_is_taken_and_that_is_said(tmp_path):
    equal = {"wide": [0.9], "narrow": [0.9], "other": [0.9]}
    write(tmp_path, equal, parameters={"wide": 900, "narrow": 90, "other": 90})
    choice = choose(tmp_path)
    assert choice.variant == "narrow"
    assert choice.notes[0].startswith("other, wide did as well as narrow: ")


def test_variants_are_compared_by_the_replicates_that_all_have(tmp_path):
    write(tmp_path, {"plain": [0.5, 0.6, 0.7], "dropout": [0.4, 0.5, None]})
    choice = choose(tmp_path)
    assert choice.compared == (0, 1)
    assert [one.values for one in choice.candidates] == [(0.5, 0.6), (0.4, 0.5)]
    assert [record.replicate for record in choice.records] == [0, 1, 2]
    assert choice.notes == ("compared by 2 of 3 replicates, those that all variants have",)


def test_a_variant_that_diverges_is_left_out(tmp_path):
    write(tmp_path, {"plain": [0.5, 0.6], "wild": ["diverged", 0.99]})
    choice = choose(tmp_path)
    assert choice.variant == "plain"
    assert "wild is left out, as 1 trial diverged" in choice.notes


def test_one_replicate_may_be_chance(tmp_path):
    write(tmp_path, {"plain": [0.5], "dropout": [0.6]})
    assert "one replicate only: the choice may be chance" in choose(tmp_path).notes


@pytest.mark.parametrize(
    ("study", "metric", "reason"),
    [
        ({"validation": {"plain": [0.5]}, "folds": 5}, "accuracy", "pets is a cross-validation"),
        (
            {"validation": {"plain": ["none"]}},
            "accuracy",
            "holds the accuracy of validation images",
        ),
        ({"validation": {"plain": [0.5]}}, "training", "training time is no ground to choose"),
        ({"validation": {"plain": [0.5]}}, "acuracy", "did you mean 'accuracy'"),
        ({"validation": {"plain": [0.5]}, "seed": None}, "accuracy", "does not tell the recipe's"),
        (
            {"validation": {"plain": [0.5, None], "other": [None, 0.5]}},
            "accuracy",
            "no replicate in .* ended well in all of plain, other",
        ),
    ],
)
def test_what_nothing_can_be_picked_from_is_a_sentence(tmp_path, study, metric, reason):
    write(tmp_path, **study)
    with pytest.raises(ComparisonError, match=reason):
        choose(tmp_path, metric)


def test_where_every_trial_failed_the_reason_is_told(tmp_path):
    write(tmp_path, {"wild": ["diverged", "diverged"]})
    with pytest.raises(
        ComparisonError, match=r"no trial in .*pets/torch ended well \(wild: the loss"
    ):
        choose(tmp_path)


def test_where_every_variant_diverged_in_a_trial_none_is_left(tmp_path):
    write(tmp_path, {"wild": ["diverged", 0.9]})
    with pytest.raises(ComparisonError, match=r"is left to choose: training diverged, as in wild"):
        choose(tmp_path)


def test_a_single_variant_is_chosen_and_nothing_is_said_of_others(tmp_path):
    write(tmp_path, {"plain": [0.5, 0.6]})
    choice = choose(tmp_path)
    assert (choice.variant, choice.named, choice.notes) == ("plain", False, ())


def test_a_variant_can_be_named_whatever_validation_says(tmp_path):
    write(tmp_path, {"plain": [0.5, 0.6], "dropout": [0.9, 0.9], "unjudged": ["none", "none"]})
    choice = choose(tmp_path, variant="plain")
    assert (choice.variant, choice.named) == ("plain", True)
    assert [one.variant for one in choice.candidates] == ["dropout", "plain"]
    assert choice.judged == ()
    assert choice.notes[-1].startswith("plain was named and not chosen by validation images")
    assert choose(tmp_path, variant="unjudged").variant == "unjudged"
    with pytest.raises(ComparisonError, match=r"no variant 'plan' in .*; did you mean 'plain'"):
        choose(tmp_path, variant="plan")


def test_of_a_named_variant_that_failed_nothing_can_be_taken(tmp_path):
    write(tmp_path, {"plain": [0.5], "wild": ["diverged"]})
    with pytest.raises(ComparisonError, match=r"no trial of wild in .* ended well: the loss"):
        choose(tmp_path, variant="wild")


def test_of_several_studies_one_has_to_be_named(tmp_path):
    write(tmp_path / "a", {"plain": [0.5]})
    write(tmp_path / "b", {"plain": [0.5]})
    with pytest.raises(ComparisonError, match=r"holds 2 studies, .* name one of .*a/pets/torch"):
        choose(tmp_path)
    assert choose(tmp_path / "b").variant == "plain"


def test_records_without_a_plan_are_refused(tmp_path):
    write(tmp_path, {"plain": [0.5]})
    (tmp_path / "pets" / "torch" / "plan.json").unlink()
    with pytest.raises(ComparisonError, match=r"has no plan\.json, .* run the recipe again"):
        choose(tmp_path)


def test_a_folder_without_records_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="no records"):
        choose(tmp_path)
