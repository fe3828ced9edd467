"""Which classes a table is about, and which it is not."""

from __future__ import annotations

import pytest

from cnnbench.comparison.classes import is_uneven
from cnnbench.comparison.compare import compare_records, with_metrics
from cnnbench.comparison.frame import compare_frame
from cnnbench.report.columns import columns_of
from cnnbench.report.formats import FORMATS, notes_text
from cnnbench.results.read import read_results

FIVE = [0.90, 0.92, 0.91, 0.93, 0.94]


@pytest.fixture
def counted(samples):
    """Samples with counts: counted(cat=(2, 1, 0)), the train, validation and test images."""

    def make(**classes):
        splits = zip(
            ("train", "validation", "test"), zip(*classes.values(), strict=True), strict=True
        )
        return samples.model_copy(update={"classes": tuple(classes), "by_class": dict(splits)})

    return make


def table_of(study, samples, metric="accuracy", **fields):
    folder = study().add("plain", FIVE, samples=samples, metric=metric, **fields).write()
    (table,) = compare_records([folder], metric=metric).tables
    return table


def test_classes_are_named_with_their_counts(study, counted):
    table = table_of(study, counted(cat=(30, 15, 15), dog=(10, 5, 5)))
    assert (
        table.images
        == "digits: 200 train, 100 validation, 500 test images, 2 classes: cat 60, dog 20"
    )


def test_a_count_that_all_classes_share_is_said_once(study, counted):
    assert table_of(study, counted(cat=(3, 1, 1), dog=(3, 1, 1))).images.endswith(
        ", 2 classes of 5 images: cat, dog"
    )


def test_classes_of_old_records_are_named_without_counts(study, samples):
    assert table_of(study, samples).images.endswith("images, 2 classes: zero, one")


def test_ten_classes_are_named_at_most(study, samples):
    many = samples.model_copy(update={"classes": tuple(f"c{n}" for n in range(1200))})
    assert table_of(study, many).images.endswith(
        "1,200 classes: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 1190 more"
    )


def test_classes_that_differ_between_variants_are_all_named(study, counted):
    writer = study().add("two", FIVE, samples=counted(cat=(3, 1, 1), dog=(3, 1, 1)))
    writer.add("three", FIVE, samples=counted(cat=(3, 1, 1), dog=(3, 1, 1), emu=(3, 1, 1)))
    (table,) = compare_records([writer.write()]).tables
    assert table.images.endswith("3 classes: cat, dog, emu")


def test_a_long_name_of_a_class_is_cut(study, samples):
    long = samples.model_copy(update={"classes": ("a\n" * 50, "b")})
    assert table_of(study, long).images.endswith(f"2 classes: {'a ' * 15}..., b")


@pytest.mark.parametrize(
    ("metric", "note"),
    [
        ("accuracy", "no test image is of b"),
        (
            "balanced_accuracy",
            "no test image is of b, so that balanced accuracy is over 1 of 2 classes",
        ),
        (
            "f1",
            (
                "no test image is of b, so that macro F1 is over 1 of 2 classes; another that is "
                "predicted all the same counts as 0"
            ),
        ),
    ],
)
def test_a_class_that_is_not_tested_is_told(study, counted, metric, note):
    assert note in table_of(study, counted(a=(3, 1, 5), b=(3, 1, 0)), metric).notes


@pytest.mark.parametrize(
    "remark",
    [
        "The test split holds no image of: b.",
        "A fold's test split holds images of some of these classes only, drawn anew: b.",
    ],
)
def test_a_class_that_is_not_tested_is_told_once(study, counted, remark):
    other = "The validation split holds no image of: b."
    samples = counted(a=(3, 1, 5), b=(3, 0, 0)).model_copy(update={"notes": (remark, other)})
    notes = table_of(study, samples).notes
    assert "no test image is of b" in notes
    assert [note for note in notes if note.startswith("images: ")] == [f"images: {other}"]
    assert f"images: {remark}" in table_of(study, samples, "training").notes


def test_a_class_that_is_not_tested_is_told_in_every_form(study, counted):
    folder = study().add("plain", FIVE, samples=counted(a=(3, 1, 5), b=(3, 1, 0))).write()
    comparison = compare_records([folder])
    for name, render in FORMATS.items():
        text = notes_text(comparison) if name == "csv" else render(comparison)
        assert "no test image is of b" in text
    assert "mnist on torch: no test image is of b" in compare_frame([folder]).attrs["notes"]


def test_a_class_that_some_trials_do_not_test_is_told(study, counted):
    writer = study().add("plain", FIVE, samples=counted(a=(3, 1, 5), b=(3, 1, 5)))
    writer.add_one("plain", 5, samples=counted(a=(3, 1, 5), b=(3, 1, 0)))
    writer.add_one("plain", 6, samples=counted(a=(3, 1, 0), b=(3, 1, 5)))
    (table,) = compare_records([writer.write()]).tables
    assert "in some trials no test image is of b, a" in table.notes


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_chance_is_among_the_classes_that_are_tested(study, counted, metric):
    samples = counted(a=(3, 1, 5), b=(3, 1, 5), c=(3, 1, 0))
    table = table_of(study, samples, metric, levels={"chance": 1 / 3, "majority": 0.5})
    assert table.chance == 0.5


def test_old_records_tell_by_their_confusion_matrix(study, samples):
    matrix = [[4, 1], [0, 0]]
    writer = study().add("plain", FIVE, samples=samples)
    record, environment = writer.records[0]
    metrics = {"test": {"accuracy": 0.8, "confusion": matrix}, "trivial": {"chance": 0.5}}
    writer.records = [(record.model_copy(update={"metrics": metrics}), environment)]
    (table,) = compare_records([writer.write()]).tables
    assert "no test image is of one" in table.notes
    assert table.chance == 1


@pytest.mark.parametrize("matrix", [None, 5, [5, 5], [["a"], [1]], [[1]], [[0, 0], [0, 0]]])
def test_a_confusion_matrix_that_is_none_says_nothing(study, samples, matrix):
    writer = study().add("plain", FIVE[:2], samples=samples)
    record, environment = writer.records[0]
    metrics = {"test": {"accuracy": 0.8, "confusion": matrix}, "trivial": {"chance": 0.5}}
    writer.records[0] = (record.model_copy(update={"metrics": metrics}), environment)
    (table,) = compare_records([writer.write()]).tables
    assert not [note for note in table.notes if "no test image" in note]
    assert table.chance == 0.5


def test_classes_do_not_matter_to_costs(study, counted):
    assert table_of(study, counted(a=(3, 1, 5), b=(3, 1, 0)), "training").notes == ()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((20, 20), False),
        ((15, 10), False),
        ((16, 10), True),
        ((10, 10, 16), True),
        ((3, 2), False),
        ((2, 1), True),
        ((0, 10, 10), False),
        ((), False),
    ],
)
def test_classes_are_uneven_beyond_one_and_a_half_times_as_many(counts, expected):
    assert is_uneven(counts) is expected


def shown(study, samples, metrics=(), **options):
    folder = study().add("plain", FIVE, samples=samples).write()
    return with_metrics(read_results([folder]), metrics, **options)


def test_what_counts_each_class_alike_stands_beside_accuracy_where_classes_are_uneven(
    study, counted
):
    uneven = counted(cat=(30, 15, 16), dog=(10, 5, 10))
    found = shown(study, uneven)
    assert found.metric.name == "accuracy"
    assert [x.metric.name for x in found.also] == ["balanced_accuracy", "f1"]
    (table,) = found.tables
    assert (
        "classes have 10 to 16 test images, so that accuracy leans to the larger ones; balanced "
        "accuracy and macro F1 count each class alike"
    ) in table.notes
    heads = [column.head for column in columns_of(found, table)]
    assert {"test accuracy", "balanced accuracy", "macro F1"} < set(heads)


def test_it_stays_away_where_they_are_even_or_others_are_asked_for(study, counted):
    even, uneven = counted(cat=(3, 1, 15), dog=(3, 1, 10)), counted(cat=(3, 9, 16), dog=(3, 9, 10))
    assert shown(study, even).also == ()
    assert not any("leans" in note for note in shown(study, even).tables[0].notes)
    assert shown(study, uneven, ("accuracy",)).also == ()
    assert shown(study, uneven, split="validation").also == ()


def test_old_records_of_the_same_images_tell_each_their_own_counts(study, samples):
    writer = study().add("plain", FIVE[:3], samples=samples)
    for i, matrix in enumerate(([[6, 3], [1, 2]], [[4, 1], [1, 4]], [[5, 0], [1, 4]])):
        record, environment = writer.records[i]
        metrics = {"test": {"accuracy": FIVE[i], "confusion": matrix}}
        writer.records[i] = (record.model_copy(update={"metrics": metrics}), environment)
    results = read_results([writer.write()])
    first, *others = results.records
    assert all(record.samples is first.samples for record in others)
    found = with_metrics(results, ())
    assert [x.metric.name for x in found.also] == ["balanced_accuracy", "f1"]
    assert any(note.startswith("classes have 3 to 9 test images") for note in found.tables[0].notes)
