from __future__ import annotations

import pytest
from scipy import stats

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.rows import flat_rows
from cnnbench.results.record import Costs, Status

PLAIN = [0.90, 0.92, 0.91, 0.93, 0.94]
CLEAR = [0.95, 0.971, 0.96, 0.981, 0.99]
PERHAPS = [0.95, 0.93, 0.95, 0.95, 1.0]  # +5, +1, +4, +2, +6 points: p = .018
NOISE = [0.91, 0.90, 0.93, 0.91, 0.95]


def table(folder, **options):
    (found,) = compare_records([folder], **options).tables
    return found


def judgements(folder, **options):
    return {row.variant: row.judgement for row in table(folder, **options).rows}


def words(folder, **options):
    return {k: x.verdict.words for k, x in judgements(folder, **options).items() if x}


def six(study):
    writer = study().add("plain", PLAIN).add("clear", CLEAR).add("perhaps", PERHAPS)
    for name in "abcd":
        writer.add(name, NOISE)
    return writer


def test_the_comparisons_of_a_table_are_corrected_for_each_other(study):
    folder = six(study).write()
    found = judgements(folder)
    assert words(folder) == {"clear": "better", "perhaps": "better?"} | dict.fromkeys(
        "abcd", "open"
    )
    p = stats.ttest_rel(PERHAPS, PLAIN).pvalue
    assert found["perhaps"].p == pytest.approx(p)
    assert found["perhaps"].p_holm == pytest.approx(5 * p)
    assert table(folder).family == 6
    assert found["plain"] is None


def test_the_interval_of_a_difference_is_the_one_that_its_verdict_goes_by(study):
    rows = table(six(study).write()).rows
    assert all(x.difference.interval == x.judgement.interval for x in rows if x.judgement)


def test_the_margin_is_that_of_the_plan(study):
    writer = study().add("plain", PLAIN).add("close", [x + 0.001 for x in PLAIN[:4]] + [0.942])
    assert words(writer.write())["close"] == "better, by less than 1 point"
    folder = writer.write(margin=0.0)
    assert words(folder)["close"] == "better"
    assert judgements(folder)["close"].probabilities is None


def test_a_loss_that_falls_is_better_and_has_no_margin(study):
    writer = study().add("plain", PLAIN, metric="log_loss").add("clear", NOISE, metric="log_loss")
    lower = [x - 0.05 - 0.001 * i for i, x in enumerate(PLAIN)]
    folder = writer.add("lower", lower, metric="log_loss").write()
    assert words(folder, metric="log_loss") == {"clear": "open", "lower": "better"}
    assert table(folder, metric="log_loss").margin is None


def test_what_is_counted_is_not_judged(study):
    folder = six(study).write()
    found = table(folder, metric="parameters")
    assert {row.judgement for row in found.rows} == {None}
    assert (found.family, found.finds) == (0, ())


def test_what_diverges_is_said_to_and_not_counted_among_the_comparisons(study):
    writer = six(study)
    writer.add("risky", CLEAR[:3])
    diverged = {"status": Status.FAILED, "reason": "diverged", "diverged": True}
    writer.add_one("risky", 3, **diverged).add_one("risky", 4, **diverged)
    folder = writer.write()
    assert words(folder)["risky"] == "diverges 2/5"
    assert table(folder).family == 6


def test_a_table_says_what_its_replicates_find(study):
    found = dict(table(six(study).write()).finds)
    spread = sorted(
        stats.tstd([a - b for a, b in zip(x, PLAIN, strict=True)])
        for x in (CLEAR, PERHAPS, *[NOISE] * 4)
    )
    assert list(found) == [5, 10, 20, 30]
    assert found[5] == pytest.approx(1.682 * (spread[2] + spread[3]) / 2, rel=1e-3)


def test_folds_are_judged_by_the_corrected_variance(study):
    writer = study()
    for name, values in (("plain", PLAIN), ("clear", CLEAR)):
        writer.add(name, values, folds=range(5))
    folder = writer.write()
    assert judgements(folder)["clear"].sample.overlap == pytest.approx(500 / 200)
    assert table(folder).finds == ()


def test_rows_have_the_verdict_and_what_it_goes_by(study):
    folder = six(study).write()
    rows = {row["variant"]: row for row in flat_rows(compare_records([folder]))}
    row = rows["perhaps"]
    assert (row["verdict"], row["pairs_won"], row["pairs_tied"]) == ("better?", 5, 0)
    assert row["difference_low"] < 0 < row["difference_alone_low"]
    three = [row[f"probability_{x}"] for x in ("worse", "same", "better")]
    assert sum(three) == pytest.approx(1)
    assert three[2] > three[1] > three[0]
    assert rows["plain"]["verdict"] is None


def test_slower_is_worse(study):
    writer = study().add("plain", PLAIN)
    for replicate, seconds in enumerate([50.0, 51, 53, 52, 50]):
        writer.add_one("slow", replicate, costs=Costs(training=seconds))
    folder = writer.write()
    assert words(folder, metric="training") == {"slow": "worse"}


def test_a_study_that_grew_after_a_look_is_judged_by_what_holds_at_any_time(study):
    folder = six(study).write(looks=(3,), replicates=5)
    (seen,) = compare_records([folder]).tables
    assert any(
        note.startswith("replicates were changed after a look (3, then 5)") for note in seen.notes
    )
    assert seen.finds == ()
    clear = judgements(folder)["clear"]
    assert clear.plain.low < clear.sample.mean - 2.776 * clear.sample.scale
    assert words(folder)["perhaps"] == "open"
