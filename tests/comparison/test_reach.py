from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cnnbench.comparison.compare import compare_records, compare_results
from cnnbench.comparison.gate import gate
from cnnbench.comparison.metrics import find_measure
from cnnbench.comparison.reach import pool_of
from cnnbench.comparison.requirements import parse_requirement
from cnnbench.comparison.rows import flat_rows
from cnnbench.comparison.values import Reach
from cnnbench.report.latex import caption_of
from cnnbench.report.sentences import explanation_of
from cnnbench.results.details import Predictions, predictions_npz
from cnnbench.results.layout import predictions_file
from cnnbench.results.read import read_results
from cnnbench.results.record import Images, Status

ACCURACIES = (0.80, 0.82, 0.84, 0.82)
POOL = Images(
    source="digits",
    shape=(8, 8, 1),
    classes=("one", "two", "zero"),
    counts={"all": (600, 900, 400)},
)


@pytest.fixture
def kept(study):
    """A study of which the plan tells how many images there are, 600 + 400 of the two classes."""
    return study().add("plain", ACCURACIES).write(images=(POOL,)).parent.parent


def only(comparison):
    (table,) = comparison.tables
    return table.rows[0]


def predict(folder, replicate, right, rows):
    """Store predictions that are right about those images."""
    said = np.where(right, 0, 1)
    path = predictions_file(folder / "mnist" / "torch", f"plain-{replicate}-None")
    path.parent.mkdir(exist_ok=True)
    probabilities = np.eye(2, dtype=np.float32)[said]
    labels = np.zeros(len(rows), np.int32)
    path.write_bytes(predictions_npz(Predictions(probabilities, rows.astype(np.int64), labels)))


def predict_all(folder, *, always):
    """500 images of 1,000 a replicate, as the records tell.

    always: right about the same images wherever they are tested, so far as that can be.
    """
    rng = np.random.default_rng(0)
    order = rng.permutation(1000)
    for replicate, accuracy in enumerate(ACCURACIES):
        rows = rng.permutation(1000)[:500]
        wrong = 500 - round(500 * accuracy)
        rank = order[rows] if always else rng.permutation(500)
        right = np.ones(500, bool)
        right[np.argsort(rank)[:wrong]] = False
        predict(folder, replicate, right, rows)


def half_of(row):
    return row.value.interval.high - row.value.mean


def expected(shared):
    """By hand: s^2 = .0008/3, n = 4, the two half-widths in quadrature."""
    students = stats.t.isf(0.025, 3) * (0.0008 / 3 / 4) ** 0.5
    return (students**2 + stats.norm.isf(0.025) ** 2 * shared) ** 0.5


def test_without_predictions_images_are_taken_to_differ_as_much_as_they_can(kept):
    row = only(compare_records([kept]))
    assert row.reach is Reach.IMAGES_AT_MOST
    assert half_of(row) == pytest.approx(expected(0.82 * 0.18 / 1000))


def test_predictions_tell_how_much_images_differ(kept):
    predict_all(kept, always=True)
    alike = only(compare_records([kept]))
    predict_all(kept, always=False)
    chance = only(compare_records([kept]))
    assert alike.reach is chance.reach is Reach.IMAGES
    assert expected(0.85 * 0.82 * 0.18 / 1000) < half_of(alike) < expected(0.82 * 0.18 / 1000)
    assert expected(0) - 1e-12 < half_of(chance) < expected(0.1 * 0.82 * 0.18 / 1000)


@pytest.mark.parametrize("damage", ["missing", "torn", "of another trial"])
def test_predictions_that_are_not_all_there_are_not_gone_by(kept, damage):
    predict_all(kept, always=False)
    path = predictions_file(kept / "mnist" / "torch", "plain-2-None")
    match damage:
        case "missing":
            path.unlink()
        case "torn":
            path.write_bytes(path.read_bytes()[:100])
        case _:
            predict(kept, 2, np.arange(500) < 300, np.arange(500))
    assert only(compare_records([kept])).reach is Reach.IMAGES_AT_MOST


def test_a_comparison_of_very_many_reads_few_predictions(study, monkeypatch):
    from cnnbench.results import told as room

    read = []
    monkeypatch.setattr(room, "read_predictions", lambda _, trial: read.append(trial) or 1 / 0)
    writer = study()
    for number in range(300):
        writer.add(str(number), ACCURACIES[:2])
    row = only(compare_records([writer.write(images=(POOL,))]))
    assert read == []
    assert row.reach is Reach.IMAGES_AT_MOST


@pytest.fixture
def counting(monkeypatch):
    """The trials whose predictions are read from now on, once each time."""
    from cnnbench.results import told as room

    read = []
    inner = room.read_predictions
    monkeypatch.setattr(
        room, "read_predictions", lambda folder, trial: read.append(trial) or inner(folder, trial)
    )
    return read


def test_predictions_are_read_once_whatever_is_asked_of_the_results(kept, study, counting):
    writer = study()
    for name in ("plain", "b", "c", "d"):
        writer.add(name, ACCURACIES)
    writer.write(images=(POOL,))
    predict_all(kept, always=True)
    results = read_results([kept])
    once = only(compare_results(results, all_pairs=True))
    assert len(counting) == len(set(counting))
    again = only(compare_results(results))
    compare_results(results, by="backend")
    wanted = [parse_requirement(f"{name} same") for name in "bcd"]
    gate(results, None, wanted, find_measure("accuracy", "test"))
    assert len(counting) == len(set(counting))
    assert {f"plain-{n}-None" for n in range(4)} <= set(counting)
    assert again.reach is Reach.IMAGES
    assert once.reach is Reach.IMAGES_AT_MOST  # of b, which kept none


def test_results_that_are_read_anew_are_looked_at_anew(kept):
    assert only(compare_records([kept])).reach is Reach.IMAGES_AT_MOST
    predict_all(kept, always=True)
    assert only(compare_records([kept])).reach is Reach.IMAGES


def test_the_same_trials_in_two_folders_have_predictions_of_their_own(kept, study):
    study("other").add("plain", ACCURACIES).write(images=(POOL,))
    predict_all(kept, always=True)
    first, second = compare_records([kept, kept.parent / "other"], by="backend").tables[0].rows
    assert (first.reach, second.reach) == (Reach.IMAGES, Reach.IMAGES_AT_MOST)


def test_predictions_are_not_read_where_the_value_has_no_interval(study, counting):
    alone = study().add("plain", ACCURACIES[:1]).write(images=(POOL,))
    assert only(compare_records([alone])).value.interval is None
    lucky = study("lucky").add("plain", ACCURACIES)
    lucky.add_one("plain", 4, status=Status.FAILED, reason="nan", diverged=True)
    row = only(compare_records([lucky.write(images=(POOL,))]))
    assert (row.diverged, row.value.interval, row.reach) == (1, None, Reach.REPLICATES)
    assert counting == []


def test_a_loss_is_found_without_predictions(kept, study, counting):
    study("stored").add("plain", ACCURACIES).write(images=(POOL,))
    stored = read_results([kept.parent / "stored"])
    gate(read_results([kept]), stored, (), find_measure("accuracy", "test"))
    assert counting == []


def test_without_a_plan_that_tells_the_images_it_is_students(study):
    folder = study().add("plain", ACCURACIES).write()
    row = only(compare_records([folder]))
    assert row.reach is Reach.REPLICATES
    assert half_of(row) == pytest.approx(stats.t.isf(0.025, 3) * (0.0008 / 3 / 4) ** 0.5)


@pytest.mark.parametrize("metric", ["f1", "training"])
def test_other_metrics_speak_of_these_images(kept, metric):
    assert only(compare_records([kept], metric=metric)).reach is Reach.REPLICATES


def test_folds_are_corrected_as_they_were(study):
    writer = study().add("plain", ACCURACIES, folds=(0, 1))
    row = only(compare_records([writer.write(images=(POOL,))]))
    assert row.reach is Reach.REPLICATES


def test_differences_stay_as_they_are(study):
    writer = study().add("plain", ACCURACIES).add("other", [x + 0.01 for x in ACCURACIES[::-1]])
    bare = compare_records([writer.write()]).tables[0].rows[1]
    told = compare_records([writer.write(images=(POOL,))]).tables[0].rows[1]
    assert told.difference == bare.difference
    assert told.value.interval.high > bare.value.interval.high


def test_table_caption_and_csv_say_what_the_interval_speaks_of(kept, study):
    comparison = compare_records([kept])
    (table,) = comparison.tables
    assert "over replicates, ± over new test images too." in explanation_of(comparison, table)
    assert "over n = 4 replicates, ± over new test images too." in caption_of(comparison, table)
    assert next(flat_rows(comparison))["interval_over"] == "replicates and images at most"
    of_f1 = compare_records([kept], metric="f1")
    assert ", ± " not in explanation_of(of_f1, of_f1.tables[0])
    bare = compare_records([study(recipe="bare").add("plain", ACCURACIES).write()])
    assert "± of these test images alone." in explanation_of(bare, bare.tables[0])
    assert next(flat_rows(bare))["interval_over"] == "replicates"


def test_a_gate_asks_for_no_less(kept):
    """Student's interval ends at .794, the one over new images below .79."""
    measure = find_measure("accuracy", "test")
    wanted = parse_requirement("accuracy of plain >= 0.79")
    (ruling,) = gate(read_results([kept]), None, [wanted], measure).rulings
    own = 0.0008 / 3 / 4
    half = stats.t.isf(0.025, 3) * (own + 0.82 * 0.18 / 1000) ** 0.5
    assert ruling.estimate.interval.low == pytest.approx(0.82 - half)
    assert ruling.outcome == "open"


@pytest.mark.parametrize(
    ("counts", "split", "pool"),
    [
        ({"all": (600, 900, 400)}, "test", 1000),
        ({"all": (600, 900, 400)}, "validation", 1000),
        ({"train": (900, 9, 900), "test": (300, 9, 300)}, "test", 600),
        ({"train": (900, 9, 900), "test": (300, 9, 300)}, "validation", 1800),
        ({"train": (900, 9, 900), "test": (0, 9, 0)}, "test", 1800),
        ({"train": (900, 9, 900), "validation": (100, 9, 100)}, "test", 2000),
        ({"train": (900, 9, 900), "validation": (100, 9, 100)}, "validation", 200),
        ({"all": (100, 900, 100)}, "test", None),  # fewer than were tested
        ({}, "test", None),
    ],
)
def test_images_are_drawn_from_the_split_that_the_source_fixes_or_from_the_rest(
    samples, counts, split, pool
):
    assert pool_of((POOL.model_copy(update={"counts": counts}),), samples, split) == pool


def test_images_of_another_source_or_of_other_classes_are_not_those(samples):
    assert pool_of((POOL.model_copy(update={"source": "mnist5k"}),), samples, "test") is None
    assert pool_of((POOL,), samples.model_copy(update={"classes": ("one", "ten")}), "test") is None
    assert pool_of((POOL,), None, "test") is None
