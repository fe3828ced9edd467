"""A comparison never hides what limits it."""

from __future__ import annotations

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.results.record import Beside, Pretrained, Status

FIVE = [0.90, 0.92, 0.91, 0.93, 0.94]
OTHER = [0.91, 0.95, 0.92, 0.93, 0.96]
TEN = [0.90, 0.88, 0.91, 0.87, 0.89, 0.92, 0.86, 0.90, 0.88, 0.91]
LEANING = [0.002, -0.003, 0.001, 0.05, -0.002, 0.003, 0.0, -0.001, 0.004, -0.004]


def notes(folder, **options):
    (table,) = compare_records([folder], **options).tables
    return list(table.notes)


def gained(gains):
    return [x + gain for x, gain in zip(TEN, gains, strict=True)]


def test_a_complete_study_under_equal_conditions_needs_no_note(study):
    folder = study().add("plain", FIVE).add("dropout", OTHER).write()
    assert notes(folder) == []


def test_missing_replicates_are_counted(study):
    folder = study().add("plain", FIVE).add("dropout", OTHER[:3]).write(replicates=5)
    assert notes(folder) == ["dropout: 3 of 5 replicates recorded"]


def test_missing_folds_are_counted_as_trials(study):
    writer = study().add("plain", FIVE[:4], folds=(0, 1))
    trials = {f"plain-{r}-{f}": ("plain", r, f) for r in range(3) for f in range(2)}
    assert notes(writer.write(trials=trials)) == ["plain: 4 of 6 trials recorded"]


def test_rows_with_the_same_caveat_share_a_note(study):
    writer = study().add("plain", FIVE).add("dropout", OTHER[:3]).add("l2", OTHER[:3])
    assert notes(writer.write(replicates=5)) == ["dropout, l2: 3 of 5 replicates recorded"]


def test_failures_come_with_their_reasons_most_frequent_first(study):
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
def test_other_endings_are_told_too(study, status, words):
    writer = study().add("plain", FIVE[:2]).add_one("plain", 2, status=status, reason="60 s")
    assert f"plain: {words}" in notes(writer.write())


def test_one_replicate_has_no_interval(study):
    folder = study().add("plain", FIVE[:1]).add("dropout", OTHER[:1]).write()
    assert notes(folder) == [
        (
            "plain, dropout: one replicate only, so no interval; a difference may be chance; "
            "run the recipe with --set replicates=5 for an interval"
        )
    ]


def test_where_more_replicates_are_planned_none_are_proposed(study):
    folder = study().add("plain", FIVE[:1]).write(replicates=5)
    assert notes(folder) == [
        "plain: 1 of 5 replicates recorded",
        "plain: one replicate only, so no interval; a difference may be chance",
    ]


def test_equal_values_are_told_to_show_no_certainty(study):
    folder = study().add("plain", [0.9, 0.92]).add("l2", [0.8, 0.8]).write()
    assert notes(folder) == [
        (
            "l2: all 2 values are exactly the same, so that an interval of width 0 says "
            "nothing about the uncertainty of the mean"
        )
    ]


def test_equal_differences_are_equal_whatever_the_last_bits_are(study):
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


def test_what_a_base_took_is_told_once_over_all_replicates_that_it_was_trained_for(study):
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


def test_what_a_base_took_is_told_of_each_backend_by_itself(study):
    for backend, seconds in (("torch", 10.0), ("jax", 20.0)):
        writer = study(backend=backend)
        writer.add("features", FIVE, pretrained=trained_here(seconds, backend))
        root = writer.write().parent
    said = [note.partition(": ") for note in notes(root, by="backend") if "starts from" in note]
    assert {label: text.split(" in ")[1].split(",")[0] for label, _, text in said} == {
        "features on jax": "20 s a replicate",
        "features on torch": "10 s a replicate",
    }


def test_differences_that_lean_to_one_side_are_told_with_the_replicate_that_makes_them(study):
    folder = study().add("plain", TEN).add("l2", gained(LEANING)).write()
    (note,) = notes(folder)  # scipy.stats.skewtest of the gains: p .00013
    lean, what_follows = note.split(", so that ")
    assert lean == "l2: differences lean to one side, replicate 4 farthest"
    assert what_follows == "a false verdict is likelier than 5 %"
    even = [0.005 if gain == max(LEANING) else gain for gain in LEANING]
    assert notes(study("even").add("plain", TEN).add("l2", gained(even)).write()) == []


def test_where_no_verdict_rests_on_differences_they_are_not_said_to_lean(study):
    writer = study().add("plain", TEN).add("l2", gained(LEANING))
    writer.add_one("l2", 10, status=Status.FAILED, reason="nan", diverged=True)
    assert not [note for note in notes(writer.write()) if "lean" in note]


def test_a_fold_that_is_off_is_no_replicate_that_is(study):
    writer = study().add("plain", TEN, folds=range(10))
    assert notes(writer.add("l2", gained(LEANING), folds=range(10)).write()) == []


def test_replicates_without_a_pair_are_told(study):
    writer = study().add("plain", FIVE[:3]).add("dropout", OTHER)
    assert "dropout: difference over 3 of 5 trials, the others make no pair" in notes(
        writer.write()
    )


def test_a_baseline_without_results_leaves_no_difference(study):
    writer = study().add_one("plain", 0, status=Status.FAILED).add("dropout", OTHER)
    assert "dropout: no pair with the baseline, so no difference" in notes(writer.write())


def test_a_variant_without_trials_in_the_plan_is_told(study):
    folder = study().add("plain", FIVE).write(variants=("plain", "empty"))
    assert notes(folder) == ["empty: no trial planned"]


def test_records_of_earlier_settings_are_counted(study):
    writer = study().add("plain", FIVE)
    for number in range(12):
        writer.add_one("plain", number, trial=f"old{number}")
    folder = writer.write(leave_out={f"old{number}" for number in range(12)})
    (note,) = notes(folder)
    assert note == (
        "12 records of earlier settings, or of another recipe called mnist, left out; a folder of "
        "its own (--results) keeps a study apart"
    )


def test_settings_of_the_command_line_are_told(study):
    folder = study().add("plain", FIVE).write(overrides=("training.epochs=3",))
    assert notes(folder) == ["changed on the command line: training.epochs=3"]


def test_a_missing_plan_is_told(study):
    folder = study().add("plain", FIVE).write(plan=False)
    assert notes(folder) == ["no plan.json to go by, so that missing trials can't be told"]


def test_a_damaged_plan_is_not_said_to_be_missing(study):
    folder = study().add("plain", FIVE).write()
    (folder / "plan.json").write_text('{"recipe": ')
    comparison = compare_records([folder])
    assert "plan.json is damaged" in comparison.notes[0]
    (note,) = comparison.tables[0].notes
    assert note == "no plan.json to go by, so that missing trials can't be told"


def test_without_a_plan_the_keys_that_earlier_settings_differ_in_are_told(study):
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


def test_without_a_plan_older_records_of_a_replicate_are_counted(study):
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


def test_an_interval_that_reaches_the_majority_class_is_told(study):
    folder = study().add("plain", FIVE).add("weak", [0.55, 0.65, 0.70]).write()
    assert "weak: interval does not clear the majority-class level (60.0 %)" in notes(folder)


def test_a_single_value_below_the_majority_class_is_told(study):
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


def test_synthetic_images_are_always_told(study, samples):
    scenes = samples.model_copy(update={"source": "scenes", "synthetic": True})
    folder = study().add("plain", FIVE, samples=scenes).write()
    assert notes(folder) == ["images of scenes are synthetic: drawn by a program, not photographed"]


def test_remarks_of_the_data_source_are_passed_on_once(study, samples):
    remarked = samples.model_copy(update={"notes": ("2 images could not be read",)})
    folder = study().add("plain", FIVE, samples=remarked).write()
    assert notes(folder) == ["images: 2 images could not be read"]


def test_many_remarks_are_cut(study, samples):
    remarked = samples.model_copy(update={"notes": tuple(f"remark {n}" for n in range(8))})
    folder = study().add("plain", FIVE, samples=remarked).write()
    assert notes(folder)[-1] == "images: 3 more remarks in the records"


def test_other_images_than_the_baselines_are_told(study, samples):
    larger = samples.model_copy(update={"digest": "d2"})
    folder = study().add("plain", FIVE).add("large", OTHER, samples=larger).write()
    assert notes(folder) == ["large: drawn from other decoded images than the baseline"]


def test_other_test_images_than_the_baselines_are_told(study, samples):
    fewer = samples.model_copy(update={"test": 100})
    folder = study().add("plain", FIVE).add("few", OTHER, samples=fewer).write()
    assert notes(folder) == ["few: tested on other images than the baseline"]


def test_images_that_changed_between_replicates_are_told(study, samples):
    writer = study().add("plain", FIVE)
    writer.add_one("plain", 5, value=0.9, samples=samples.model_copy(update={"digest": "d2"}))
    assert notes(writer.write()) == [
        "plain: replicates drawn from different versions of the images"
    ]


def test_other_numbers_of_classes_are_told(study, samples):
    three = samples.model_copy(update={"classes": ("a", "b", "c")})
    folder = study().add("plain", FIVE).add("three", OTHER, samples=three).write()
    assert any("different numbers of classes" in note for note in notes(folder))


def test_environments_that_differ_are_told_with_what_differs(study):
    def environment(version):
        return {"python": "3.11.2", "backend_versions": {"torch": version}}

    writer = study().add("plain", FIVE, environment=environment("2.13"))
    folder = writer.add("dropout", OTHER, environment=environment("2.14")).write()
    assert notes(folder) == [
        "trials ran in 2 environments, which differ in backend_versions.torch (2.13, 2.14)"
    ]


def test_processors_that_differ_are_told_with_what_follows(study):
    def environment(family, instructions):
        processor = f"AuthenticAMD, family {family}"
        return {"cpu": "EPYC", "processor": processor, "instructions": instructions}

    writer = study().add("plain", FIVE, environment=environment(25, "avx2"), device="cpu")
    writer.add("dropout", OTHER, environment=environment(26, "avx2 avx512f"), device="cpu")
    assert notes(writer.write())[0] == (
        "trials ran on different processors (EPYC, AuthenticAMD, family 25; EPYC, AuthenticAMD, "
        "family 26): the last bits of their arithmetic differ, so that the accuracy of a single "
        "replicate may move by a point or two, and the mean by less"
    )


def test_instructions_that_a_processor_hides_make_another_one(study):
    one = {"cpu": "EPYC", "processor": "family 25", "instructions": "avx2"}
    writer = study().add("plain", FIVE, environment=one)
    writer.add("dropout", OTHER, environment=one | {"instructions": "avx2 avx512f"})
    assert "different processors (avx2; avx2 avx512f)" in notes(writer.write())[0]


def test_old_records_do_not_tell_their_processor(study):
    old = {"cpu": "EPYC"}
    new = {"cpu": "EPYC", "processor": "family 25", "instructions": "avx2"}
    folder = study().add("plain", FIVE, environment=old).add("l2", OTHER, environment=new).write()
    assert notes(folder) == [
        (
            "trials ran in 2 environments, which differ in instructions (none, avx2); "
            "processor (none, family 25)"
        )
    ]


def test_the_processor_beside_a_gpu_rounds_nothing(study):
    writer = study().add("plain", FIVE, environment={"cpu": "a", "processor": "1"}, device="H100")
    writer.add("l2", OTHER, environment={"cpu": "b", "processor": "2"}, device="H100")
    assert not [note for note in notes(writer.write()) if "different processors" in note]


def test_an_environment_that_is_lost_is_told(study):
    writer = study().add("plain", FIVE).add("dropout", OTHER, environment={"python": "3.12"})
    folder = writer.write()
    for file in (folder.parent.parent / "environments").iterdir():
        file.unlink()
    comparison = compare_records([folder])
    assert len(comparison.notes) == 2
    assert "trials ran in 2 environments" in comparison.tables[0].notes


def test_devices_that_differ_are_told(study):
    folder = study().add("plain", FIVE, device="cpu").add("fast", OTHER, device="H200").write()
    assert notes(folder) == ["trials ran on different devices: cpu, H200"]


def test_times_of_several_machines_are_told(study):
    writer = study().add("plain", FIVE, environment={"cpu": "EPYC", "machine": "node1"})
    writer.add("dropout", OTHER, environment={"cpu": "EPYC", "machine": "node2"})
    assert notes(writer.write()) == [
        "times were taken on 2 machines (node1, node2): "  # noqa: ISC004 - one sentence
        "differences of times and speeds are partly theirs"
    ]


def test_records_from_before_machines_were_named_are_no_other_machine(study):
    writer = study().add("plain", FIVE, environment={"cpu": "EPYC"})
    writer.add("dropout", OTHER, environment={"cpu": "EPYC", "machine": "node2"})
    assert notes(writer.write()) == []


def test_times_taken_side_by_side_are_told(study):
    two = Beside(slots=2, threads=1, exclusive=False)
    folder = study().add("plain", FIVE, beside=two).write()
    assert notes(folder) == ["times were taken with 2 trials at a time on the machine"]


def test_times_taken_under_unequal_conditions_are_told(study):
    two = Beside(slots=2, threads=1, exclusive=False)
    folder = study().add("plain", FIVE).add("dropout", OTHER, beside=two).write()
    assert notes(folder) == [
        "times were not taken under equal conditions: 1 or 2 trials at a time, 1 thread each"
    ]


def test_times_taken_with_other_numbers_of_threads_are_told(study):
    two = Beside(slots=1, threads=2, exclusive=False)
    folder = study().add("plain", FIVE).add("dropout", OTHER, beside=two).write()
    assert notes(folder) == [
        "times were not taken under equal conditions: 1 trial at a time, 1 or 2 threads each"
    ]


def test_damage_found_in_the_files_is_told(study):
    folder = study().add("plain", FIVE).write()
    with (folder / "records.jsonl").open("a") as file:
        file.write('{"trial": "cut')
    (note,) = compare_records([folder]).notes
    assert "was cut while being written" in note


def test_reasons_that_name_the_files_of_their_trials_count_as_one(study):
    writer = study().add("plain", FIVE).add("big", FIVE[:2])
    for replicate in (2, 3):
        reason = f"fell over; more in failures/big-{replicate}-None.txt"
        writer.add_one("big", replicate, status=Status.FAILED, reason=reason)
    assert notes(writer.write())[0] == (
        "big: 2 of 4 trials failed: fell over; more in failures/TRIAL.txt"
    )
