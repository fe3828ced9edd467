from __future__ import annotations

import pytest
from scipy import stats

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.values import name_of
from cnnbench.errors import ComparisonError, ResultsError
from cnnbench.results.record import Costs, Status

PLAIN = [0.90, 0.92, 0.91, 0.93, 0.94]
DROPOUT = [0.93, 0.94, 0.95, 0.94, 0.96]


def rows(folder, **options):
    (table,) = compare_records([folder], **options).tables
    return {row.variant: row for row in table.rows}


def test_means_and_intervals_are_scipys(study):
    folder = study().add("plain", PLAIN).add("dropout", DROPOUT).write()
    for name, values in (("plain", PLAIN), ("dropout", DROPOUT)):
        low, high = stats.t.interval(0.95, 4, loc=sum(values) / 5, scale=stats.sem(values))
        value = rows(folder)[name].value
        assert value.mean == pytest.approx(sum(values) / 5)
        assert value.interval.low == pytest.approx(low)
        assert value.interval.high == pytest.approx(high)


def test_the_difference_is_paired_by_replicate(study):
    folder = study().add("plain", PLAIN).add("dropout", DROPOUT).write()
    paired = stats.ttest_rel(DROPOUT, PLAIN).confidence_interval(0.95)
    difference = rows(folder)["dropout"].difference
    assert difference.mean == pytest.approx(0.024)
    assert difference.n == 5
    assert difference.interval.low == pytest.approx(paired.low)
    assert difference.interval.high == pytest.approx(paired.high)


def test_only_replicates_that_both_have_make_pairs(study):
    writer = study().add("plain", PLAIN[:3])
    for replicate in (2, 1, 4):
        writer.add_one("dropout", replicate, value=DROPOUT[replicate])
    difference = rows(writer.write())["dropout"].difference
    assert difference.n == 2
    assert difference.mean == pytest.approx((0.95 - 0.91 + 0.94 - 0.92) / 2)


def test_the_baseline_has_no_difference_to_itself(study):
    folder = study().add("plain", PLAIN).add("dropout", DROPOUT).write()
    plain = rows(folder)["plain"]
    assert plain.is_baseline
    assert plain.difference is None


def test_rows_stand_in_the_order_of_the_recipe(study):
    writer = study()
    for variant in ("zebra", "plain", "apple"):
        writer.add(variant, [0.5])
    assert list(rows(writer.write(variants=("plain", "zebra", "apple")))) == [
        "plain",
        "zebra",
        "apple",
    ]


def test_another_baseline_can_be_named(study):
    folder = study().add("plain", PLAIN).add("dropout", DROPOUT).write()
    found = rows(folder, baseline="dropout")
    assert found["dropout"].is_baseline
    assert found["plain"].difference.mean == pytest.approx(-0.024)


def test_folds_are_corrected_and_paired_by_replicate_and_fold(study):
    plain, other = [0.5, 0.6, 0.7, 0.8], [0.6, 0.8, 0.8, 1.0]
    writer = study().add("plain", plain, folds=(0, 1)).add("other", other, folds=(0, 1))
    row = rows(writer.write(folds=2))["other"]
    # differences 0.1, 0.2, 0.1, 0.2: s = 0.057735, t(0.975, 3) = 3.182446; 500 images are tested
    # and 200 trained on, so the factor is 1/4 + 500/200; the 100 validation images are neither
    half = 3.182446 * 0.057735 * (1 / 4 + 500 / 200) ** 0.5
    assert row.difference.n == 4
    assert row.difference.mean == pytest.approx(0.15)
    assert row.difference.interval.high - 0.15 == pytest.approx(half, abs=1e-5)


def test_folds_without_counts_take_their_number(study):
    writer = study().add("plain", [0.1, 0.2, 0.3], folds=(0, 1, 2), samples=None)
    interval = rows(writer.write(folds=3))["plain"].value.interval
    assert interval.high == pytest.approx(0.2 + 0.392777, abs=1e-6)


def test_training_time_is_the_median_and_parameters_are_the_networks(study):
    writer = study()
    for replicate, seconds in enumerate((10.0, 11.0, 90.0)):
        costs = Costs(training=seconds, parameters=93_322)
        writer.add_one("plain", replicate, costs=costs)
    row = rows(writer.write())["plain"]
    assert row.training_seconds == 11.0
    assert row.parameters == 93_322


@pytest.mark.parametrize("status", [Status.FAILED, Status.TIMEOUT, Status.UNSUPPORTED])
def test_trials_that_did_not_end_well_are_counted_and_not_averaged(study, status):
    writer = study().add("plain", [0.9, 0.8])
    writer.add_one("plain", 2, status=status, reason="out of memory")
    row = rows(writer.write())["plain"]
    assert (row.n, row.planned, row.missing) == (2, 3, 0)
    assert getattr(row, status.value) == 1
    assert row.value.mean == pytest.approx(0.85)


def test_a_variant_whose_trials_all_failed_keeps_its_row(study):
    writer = study().add("plain", PLAIN).add_one("broken", 0, status=Status.FAILED)
    row = rows(writer.write())["broken"]
    assert (row.n, row.value, row.difference, row.failed) == (0, None, None, 1)


def test_a_variant_without_any_record_keeps_its_row(study):
    writer = study().add("plain", [0.9])
    folder = writer.write(
        variants=("plain", "late"),
        trials={"plain-0-None": ("plain", 0, None), "late-0-None": ("late", 0, None)},
    )
    row = rows(folder)["late"]
    assert (row.n, row.planned, row.missing) == (0, 1, 1)


def test_only_trials_of_the_plan_count(study):
    writer = study().add("plain", [0.9, 0.8]).add_one("plain", 0, trial="of-old", value=0.1)
    folder = writer.write(leave_out=("of-old",))
    assert rows(folder)["plain"].value.mean == pytest.approx(0.85)


def test_a_variant_that_was_renamed_keeps_its_records(study):
    writer = study().add("old name", [0.9, 0.8])
    trials = {f"old name-{n}-None": ("new name", n, None) for n in range(2)}
    folder = writer.write(variants=("new name",), baseline="new name", trials=trials)
    assert rows(folder)["new name"].n == 2


def test_without_a_plan_the_first_variant_is_the_baseline_and_the_newest_counts(study):
    writer = study().add("plain", [0.9]).add("dropout", [0.8])
    writer.add_one("plain", 0, trial="later", value=0.7, started=2.0)
    writer.add_one("plain", 0, trial="earlier", value=0.1, started=-1.0)
    found = rows(writer.write(plan=False))
    assert found["plain"].is_baseline
    assert found["plain"].value.mean == 0.7
    assert found["plain"].planned is None


def test_without_a_plan_a_row_holds_one_configuration_only(study):
    long, short = {"training": {"epochs": 3}}, {"training": {"epochs": 2}}
    writer = study().add("plain", [0.9, 0.9, 0.9], settings=long, started=1.0)
    for replicate in range(2):
        trial = f"short-{replicate}"
        writer.add_one("plain", replicate, trial=trial, value=0.5, settings=short, started=2.0)
    row = rows(writer.write(plan=False))["plain"]
    assert row.n == 2
    assert row.value.mean == 0.5


def test_each_recipe_and_backend_has_its_table(study):
    for recipe in ("mnist", "small"):
        for backend in ("jax", "torch"):
            writer = study(recipe=recipe, backend=backend).add("plain", PLAIN)
            root = writer.write().parent.parent
    tables = compare_records([root]).tables
    assert [(table.recipe, *table.backends) for table in tables] == [
        ("mnist", "jax"),
        ("mnist", "torch"),
        ("small", "jax"),
        ("small", "torch"),
    ]


def test_the_results_folder_itself_comes_before_those_in_it_and_each_table_names_its_own(
    study, reference
):
    reference(recipe="digits").add("plain", PLAIN).write()
    reference(recipe="mnist").add("plain", PLAIN).write()
    folder = study(recipe="mnist").add("plain", DROPOUT).write()
    comparison = compare_records([folder.parent.parent])
    assert [name_of(comparison, table) for table in comparison.tables] == [
        "mnist on torch (results)",
        "digits on torch (results/reference)",
        "mnist on torch (results/reference)",
    ]


def test_one_results_folder_needs_no_name(study):
    for backend in ("jax", "torch"):
        folder = study(backend=backend).add("plain", PLAIN).write()
    comparison = compare_records([folder.parent.parent])
    assert [table.place for table in comparison.tables] == ["", ""]


def test_a_file_put_together_from_several_studies_is_taken_apart(study, tmp_path):
    text = ""
    for backend in ("torch", "jax"):
        folder = study(backend=backend).add("plain", PLAIN).write()
        text += (folder / "records.jsonl").read_text().replace('"plain-', f'"{backend}-')
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "records.jsonl").write_text(text)
    tables = compare_records([tmp_path / "all"]).tables
    assert [table.backends for table in tables] == [("torch",), ("jax",)]


def test_other_metrics_are_read_by_name(study):
    folder = study().add("plain", [0.3, 0.5], metric="log_loss").write()
    assert rows(folder, metric="log_loss")["plain"].value.mean == pytest.approx(0.4)
    assert rows(folder, metric="f1")["plain"].value is None


def test_costs_are_metrics_too(study):
    folder = study().add("plain", PLAIN[:2]).write()
    assert rows(folder, metric="training")["plain"].value.mean == pytest.approx(10.5)


def test_validation_images_can_be_compared_instead(study):
    writer = study()
    writer.add("plain", [0.5])
    record, environment = writer.records[0]
    metrics = {"test": {"accuracy": 0.5}, "validation": {"accuracy": 0.7}}
    writer.records[0] = (record.model_copy(update={"metrics": metrics}), environment)
    assert rows(writer.write(), split="validation")["plain"].value.mean == 0.7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "acuracy"}, "no metric 'acuracy'; did you mean 'accuracy'?"),
        ({"metric": "loss"}, "log_loss"),
        ({"baseline": "dropuot"}, "no variant 'dropuot' here; did you mean 'dropout'?"),
        ({"baseline": "troch", "by": "backend"}, "no backend 'troch' here; did you mean 'torch'?"),
        ({"metric": "xyz"}, "there is no metric 'xyz'; metrics: accuracy, "),
        ({"by": "backends"}, "no comparison by 'backends'; did you mean 'backend'?"),
        ({"split": "tests"}, "no split 'tests'; did you mean 'test'?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(study, options, message):
    folder = study().add("plain", PLAIN).add("dropout", DROPOUT).write()
    with pytest.raises(ComparisonError) as caught:
        compare_records([folder], **options)
    assert message in str(caught.value)


def test_a_folder_without_records_says_so(tmp_path):
    with pytest.raises(ResultsError, match="no records"):
        compare_records([tmp_path])
