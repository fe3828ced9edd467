"""Techniques against amounts: each compared with the baseline technique at its own amount."""

from __future__ import annotations

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.rows import flat_rows
from cnnbench.errors import ComparisonError
from cnnbench.results.record import Samples, Status

PLAIN = {50: [0.70, 0.72, 0.71], 100: [0.80, 0.82, 0.81]}
BETTER = {50: [0.75, 0.78, 0.75], 100: [0.80, 0.83, 0.80]}


def samples(train):
    return Samples(
        source="digits", digest="d1", train=train, validation=100, test=500, classes=("a", "b")
    )


def add(study, variant, values, train, **fields):
    data = {"source": "digits", "train": train}
    settings = fields.pop("settings", {}) | {"data": data}
    fields = fields or {"samples": samples(train)}
    return study.add(variant, values, settings=settings, **fields)


@pytest.fixture
def two(study):
    made = study()
    for name, values, dropout in (("plain", PLAIN, 0.0), ("dropout", BETTER, 0.5)):
        for train in (100, 50):
            settings = {"network": {"dropout": dropout}}
            add(made, f"{name}-train={train}", values[train], train, settings=settings)
    return made


def only_table(folder, **keys):
    (table,) = compare_records([folder], **({"curve": "data.train"} | keys)).tables
    return table


def test_rows_lie_by_technique_and_rising_amount(two):
    table = only_table(two.write())
    assert table.curve.amounts == (50, 100)
    assert [x.name for x in table.curve.techniques] == ["plain", "dropout"]
    assert [[table.rows[i].variant for i in x.rows] for x in table.curve.techniques] == [
        [f"{name}-train=50", f"{name}-train=100"] for name in ("plain", "dropout")
    ]


def test_each_is_compared_with_the_baseline_at_its_own_amount(two):
    table = only_table(two.write())
    found = {row.variant: row.difference for row in table.rows}
    assert found["plain-train=50"] is found["plain-train=100"] is None
    assert found["dropout-train=50"].mean == pytest.approx((0.05 + 0.06 + 0.04) / 3)
    assert found["dropout-train=100"].mean == pytest.approx(0.0, abs=1e-12)
    assert {row.variant: row.against for row in table.rows}[
        "dropout-train=100"
    ] == "plain-train=100"


def test_all_amounts_are_one_family_of_comparisons(two):
    table = only_table(two.write())
    assert table.family == 2
    p, other = (row.judgement for row in table.rows if row.variant.startswith("dropout"))
    assert {p.p_holm, other.p_holm} == {max(p.p, other.p), 2 * min(p.p, other.p)}


@pytest.mark.parametrize("baseline", ["dropout", "dropout-train=100"])
def test_a_technique_or_one_of_its_variants_can_be_the_baseline(two, baseline):
    table = only_table(two.write(), baseline=baseline)
    assert table.baseline == "dropout"
    assert {row.variant for row in table.rows if row.difference} == {
        "plain-train=50",
        "plain-train=100",
    }


def test_a_fraction_and_no_amount_count_as_the_images_that_were_trained_on(study):
    made = study()
    for name, train, trained in (("a", 0.5, 300), ("b", None, 600)):
        add(made, name, [0.7, 0.8], train, samples=samples(trained))
    assert only_table(made.write()).curve.amounts == (300, 600)


def test_variants_named_otherwise_belong_together_by_their_settings(study):
    made = study()
    for name, train in (("few", 50), ("fewer", 20)):
        add(made, name, [0.7, 0.8], train)
    for name, train in (("few dropped", 50), ("fewer dropped", 20)):
        add(made, name, [0.7, 0.8], train, settings={"network": {"dropout": 0.5}})
    table = only_table(made.write())
    named = {x.name: [table.rows[i].variant for i in x.rows] for x in table.curve.techniques}
    assert named == {"few": ["fewer", "few"], "few dropped": ["fewer dropped", "few dropped"]}


def test_amounts_that_differ_in_more_than_the_amount_are_told(study):
    made = study()
    for train, epochs in ((50, 80), (100, 40)):
        settings = {"training": {"epochs": epochs}}
        add(made, f"plain-{train}", [0.7, 0.8], train, settings=settings)
    table = only_table(made.write())
    assert [x.name for x in table.curve.techniques] == ["plain"]
    assert "plain: its amounts differ in training.epochs, too" in table.notes


def test_a_variant_without_the_baseline_at_its_amount_has_no_difference(two):
    add(two, "dropout-train=200", [0.9, 0.92, 0.91], 200, settings={"network": {"dropout": 0.5}})
    table = only_table(two.write())
    plain = next(x for x in table.curve.techniques if x.is_baseline)
    assert plain.rows[2] is None
    assert any("dropout-train=200: without a counterpart" in note for note in table.notes)


def test_a_variant_that_only_failed_keeps_its_place(two):
    for replicate in range(3):
        data = {"source": "digits", "train": 200}
        two.add_one(
            "plain-train=200",
            replicate,
            status=Status.FAILED,
            reason="no memory",
            samples=None,
            settings={"data": data},
        )
    table = only_table(two.write())
    assert table.curve.amounts == (50, 100, 200)
    assert table.rows[table.curve.techniques[0].rows[2]].value is None


def test_csv_rows_tell_technique_and_amount(two):
    rows = list(flat_rows(compare_records([two.write()], curve="data.train")))
    assert {(row["technique"], row["data.train"]) for row in rows} == {
        (name, train) for name in ("plain", "dropout") for train in (50, 100)
    }
    assert len({tuple(row) for row in rows}) == 1


def test_other_keys_that_are_numbers_make_curves_too(study):
    made = study()
    for rate in (0.001, 0.01):
        settings = {"training": {"learning_rate": rate}, "data": {"source": "digits"}}
        made.add(f"learning_rate={rate}", [0.7, 0.8], settings=settings)
    table = only_table(made.write(), curve="training.learning_rate")
    assert table.curve.amounts == (0.001, 0.01)
    assert [x.name for x in table.curve.techniques] == ["default"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"curve": "data.trian"}, "did you mean 'data.train'"),
        ({"curve": "network.activation"}, "no two variants of mnist on torch differ"),
        ({"baseline": "dropuot"}, "did you mean 'dropout'"),
        ({"by": "backend"}, "leave out --by backend"),
        ({"all_pairs": True}, "leave out --all-pairs"),
    ],
)
def test_what_can_be_no_curve_is_said(two, keys, words):
    folder = two.write()
    with pytest.raises(ComparisonError, match=words):
        compare_records([folder], **({"curve": "data.train"} | keys))


def test_an_ensemble_of_the_techniques_of_its_amount_differs_in_the_amount_alone(two):
    for train in (50, 100):
        of = [f"{name}-train={train}" for name in ("plain", "dropout")]
        settings = {"ensemble": {"method": "average", "of": of}}
        add(two, f"both-train={train}", PLAIN[train], train, settings=settings)
    assert not [note for note in only_table(two.write()).notes if "differ in" in note]
