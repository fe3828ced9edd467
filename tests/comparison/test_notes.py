"""A comparison never hides what limits it."""

from __future__ import annotations

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.results.record import Pretrained, Status

FIVE = [0.90, 0.92, 0.91, 0.93, 0.94]
OTHER = [0.91, 0.95, 0.92, 0.93, 0.96]
TEN = [0.90, 0.88, 0.91, 0.87, 0.89, 0.92, 0.86, 0.90, 0.88, 0.91]
LEANING = [0.002, -0.003, 0.001, 0.05, -0.002, 0.003, 0.0, -0.001, 0.004, -0.004]


def gained(gains):
    return [x + gain for x, gain in zip(TEN, gains, strict=True)]


def test_a_complete_study_under_equal_conditions_needs_no_note(study, notes):
    folder = study().add("plain", FIVE).add("dropout", OTHER).write()
    assert notes(folder) == []


def test_missing_replicates_are_counted(study, notes):
    folder = study().add("plain", FIVE).add("dropout", OTHER[:3]).write(replicates=5)
    assert notes(folder) == ["dropout: 3 of 5 replicates recorded"]


def test_missing_folds_are_counted_as_trials(study, notes):
    writer = study().add("plain", FIVE[:4], folds=(0, 1))
    trials = {f"plain-{r}-{f}": ("plain", r, f) for r in range(3) for f in range(2)}
    assert notes(writer.write(trials=trials)) == ["plain: 4 of 6 trials recorded"]


def test_rows_with_the_same_caveat_share_a_note(study, notes):
    writer = study().add("plain", FIVE).add("dropout", OTHER[:3]).add("l2", OTHER[:3])
    assert notes(writer.write(replicates=5)) == ["dropout, l2: 3 of 5 replicates recorded"]


def test_failures_come_with_their_reasons_most_frequent_first(study, notes):
    writer = study().add("plain", FIVE).add("big", OTHER[:2])
    reasons = ("crashed", "out of\nmemory", "out of\nmemory")
    for replicate, reason in enumerate(reasons, start=2):
        writer.add_one("big", replicate, status=Status.FAILED, reason=reason)
    assert notes(writer.write())[0] == "big: 3 of 5 trials failed: out of memory (2 times); crashed"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.TIMEOUT, "1 of 3 trials ran out of time: 60 s"),
        (Status.UNSUPPORTED, "1 of 3 trials not supported by the backend: 60 s"),
    ],
)
def test_other_endings_are_told_too(study, status, words, notes):
    writer = study().add("plain", FIVE[:2]).add_one("plain", 2, status=status, reason="60 s")
    assert f"plain: {words}" in notes(writer.write())


def test_one_replicate_has_no_interval(study, notes):
    folder = study().add("plain", FIVE[:1]).add("dropout", OTHER[:1]).write()
    assert notes(folder) == [
        (
            "plain, dropout: one replicate only, so no interval; a difference may be chance; "
            "run the recipe with --set replicates=5 for an interval"
        )
    ]


def test_where_more_replicates_are_planned_none_are_proposed(study, notes):
    folder = study().add("plain", FIVE[:1]).write(replicates=5)
    assert notes(folder) == [
        "plain: 1 of 5 replicates recorded",
        "plain: one replicate only, so no interval; a difference may be chance",
    ]


def test_equal_values_are_told_to_show_no_certainty(study, notes):
    folder = study().add("plain", [0.9, 0.92]).add("l2", [0.8, 0.8]).write()
    assert notes(folder) == [
        (
            "l2: all 2 values are exactly the same, so that an interval of width 0 says "
            "nothing about the uncertainty of the mean"
        )
    ]


def test_equal_differences_are_equal_whatever_the_last_bits_are(study, notes):
    # in floating point 0.93 - 0.90 and 0.94 - 0.91 differ by 1e-16
    folder = study().add("plain", [0.90, 0.91]).add("l2", [0.93, 0.94]).write()
    assert notes(folder) == [
        (
            "l2: all 2 differences are exactly the same, so that their interval is as wide "
            "as the steps of the metric alone make it"
        )
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_counted_and_not_measured_needs_no_interval_and_no_note(study, count):
    folder = study().add("plain", FIVE[:count]).add("large", OTHER[:count]).write()
    (table,) = compare_records([folder], metric="parameters").tables
    assert [row.value.interval for row in table.rows] == [None, None]
    assert table.rows[1].difference.interval is None
    assert table.notes == ()


def trained_here(seconds, digest):
    return Pretrained(
        base="cnnbench:lower",
        origin="this study",
        digest=digest,
        trained_on="digits",
        licence="",
        trained_in=seconds,
    )


def test_what_a_base_took_is_told_once_over_all_replicates_that_it_was_trained_for(study, notes):
    writer = study().add("scratch", FIVE)
    for name, count in (("features", 2), ("full", 5)):
        for replicate, value in enumerate(OTHER[:count]):
            about = trained_here(10.0 + replicate, str(replicate))
            writer.add_one(name, replicate, value=value, pretrained=about)
    (note,) = notes(writer.write())
    assert note.startswith(
        "features, full: starts from cnnbench:lower, which this study trained in"
    )
    assert "in 12 s a replicate, once for all that start from it" in note


def test_what_a_base_took_is_told_of_each_backend_by_itself(study, notes):
    for backend, seconds in (("torch", 10.0), ("jax", 20.0)):
        writer = study(backend=backend)
        writer.add("features", FIVE, pretrained=trained_here(seconds, backend))
        root = writer.write().parent
    said = [note.partition(": ") for note in notes(root, by="backend") if "starts from" in note]
    assert {label: text.split(" in ")[1].split(",")[0] for label, _, text in said} == {
        "features on jax": "20 s a replicate",
        "features on torch": "10 s a replicate",
    }


def test_differences_that_lean_to_one_side_are_told_with_the_replicate_that_makes_them(
    study, notes
):
    folder = study().add("plain", TEN).add("l2", gained(LEANING)).write()
    (note,) = notes(folder)  # scipy.stats.skewtest of the gains: p .00013
    lean, what_follows = note.split(", so that ")
    assert lean == "l2: differences lean to one side, replicate 4 farthest"
    assert what_follows == "a false verdict is likelier than 5 %"
    even = [0.005 if gain == max(LEANING) else gain for gain in LEANING]
    assert notes(study("even").add("plain", TEN).add("l2", gained(even)).write()) == []


def test_where_no_verdict_rests_on_differences_they_are_not_said_to_lean(study, notes):
    writer = study().add("plain", TEN).add("l2", gained(LEANING))
    writer.add_one("l2", 10, status=Status.FAILED, reason="nan", diverged=True)
    assert not [note for note in notes(writer.write()) if "lean" in note]


def test_a_fold_that_is_off_is_no_replicate_that_is(study, notes):
    writer = study().add("plain", TEN, folds=range(10))
    assert notes(writer.add("l2", gained(LEANING), folds=range(10)).write()) == []


def test_replicates_without_a_pair_are_told(study, notes):
    writer = study().add("plain", FIVE[:3]).add("dropout", OTHER)
    assert "dropout: difference over 3 of 5 trials, the others make no pair" in notes(
        writer.write()
    )


def test_a_baseline_without_results_leaves_no_difference(study, notes):
    writer = study().add_one("plain", 0, status=Status.FAILED).add("dropout", OTHER)
    assert "dropout: no pair with the baseline, so no difference" in notes(writer.write())


def test_a_variant_without_trials_in_the_plan_is_told(study, notes):
    folder = study().add("plain", FIVE).write(variants=("plain", "empty"))
    assert notes(folder) == ["empty: no trial planned"]


def test_records_of_earlier_settings_are_counted(study, notes):
    writer = study().add("plain", FIVE)
    for number in range(12):
        writer.add_one("plain", number, trial=f"old{number}")
    folder = writer.write(leave_out={f"old{number}" for number in range(12)})
    (note,) = notes(folder)
    assert note == (
        "12 records of earlier settings, or of another recipe called mnist, left out; a folder of "
        "its own (--results) keeps a study apart"
    )


def test_settings_of_the_command_line_are_told(study, notes):
    folder = study().add("plain", FIVE).write(overrides=("training.epochs=3",))
    assert notes(folder) == ["changed on the command line: training.epochs=3"]


def test_a_missing_plan_is_told(study, notes):
    folder = study().add("plain", FIVE).write(plan=False)
    assert notes(folder) == ["no plan.json to go by, so that missing trials can't be told"]


def test_a_damaged_plan_is_not_said_to_be_missing(study):
    folder = study().add("plain", FIVE).write()
    (folder / "plan.json").write_text('{"recipe": ')
    comparison = compare_records([folder])
    assert "plan.json is damaged" in comparison.notes[0]
    (note,) = comparison.tables[0].notes
    assert note == "no plan.json to go by, so that missing trials can't be told"


def test_without_a_plan_the_keys_that_earlier_settings_differ_in_are_told(study, notes):
    long, short = {"training": {"epochs": 3}}, {"training": {"epochs": 2}}
    writer = study().add("plain", FIVE, settings=long, started=1.0)
    for replicate in range(2):
        writer.add_one(
            "plain", replicate, trial=f"new{replicate}", settings=short, started=2.0 + replicate
        )
    assert (
        "5 records of other settings than the newest left out, which differ in training.epochs"
        in notes(writer.write(plan=False))
    )


def test_without_a_plan_older_records_of_a_replicate_are_counted(study, notes):
    writer = study().add("plain", FIVE).add_one("plain", 0, trial="other", started=-1.0)
    assert "1 record of the same replicate with older dates left out" in notes(
        writer.write(plan=False)
    )


def test_a_baseline_that_another_recipe_lacks_is_told(study):
    study(recipe="a").add("plain", FIVE).add("dropout", OTHER).write()
    root = study(recipe="b").add("plain", FIVE).write().parent.parent
    _, second = compare_records([root], baseline="dropout").tables
    assert second.baseline == "plain"
    assert "no variant dropout in this recipe; its own baseline is used instead" in second.notes


def test_an_interval_that_reaches_the_majority_class_is_told(study, notes):
    folder = study().add("plain", FIVE).add("weak", [0.55, 0.65, 0.70]).write()
    assert "weak: interval does not clear the majority-class level (60.0 %)" in notes(folder)


def test_a_single_value_below_the_majority_class_is_told(study, notes):
    folder = study().add("plain", [0.59]).write()
    assert "plain: not above the majority-class level (60.0 %)" in notes(folder)


def test_balanced_accuracy_is_held_against_chance(study):
    folder = study().add("plain", [0.45, 0.55], metric="balanced_accuracy").write()
    comparison = compare_records([folder], metric="balanced_accuracy")
    (table,) = comparison.tables
    assert (table.chance, table.majority) == (0.5, None)
    assert "plain: interval does not clear the chance level (50.0 %)" in table.notes


def test_levels_stand_beside_accuracy_and_not_beside_costs(study):
    folder = study().add("plain", FIVE).write()
    (table,) = compare_records([folder]).tables
    assert (table.chance, table.majority) == (0.5, 0.6)
    (table,) = compare_records([folder], metric="training").tables
    assert (table.chance, table.majority) == (None, None)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_left_out_and_told(study, value):
    folder = study().add("plain", [*FIVE, value]).write()
    (table,) = compare_records([folder]).tables
    assert table.rows[0].n == 5
    assert "plain: 1 trial without a finite accuracy left out" in table.notes


def test_damage_found_in_the_files_is_told(study):
    folder = study().add("plain", FIVE).write()
    with (folder / "records.jsonl").open("a") as file:
        file.write('{"trial": "cut')
    (note,) = compare_records([folder]).notes
    assert "was cut while being written" in note


def test_reasons_that_name_the_files_of_their_trials_count_as_one(study, notes):
    writer = study().add("plain", FIVE).add("big", FIVE[:2])
    for replicate in (2, 3):
        reason = f"fell over; more in failures/big-{replicate}-None.txt"
        writer.add_one("big", replicate, status=Status.FAILED, reason=reason)
    assert notes(writer.write())[0] == (
        "big: 2 of 4 trials failed: fell over; more in failures/TRIAL.txt"
    )
