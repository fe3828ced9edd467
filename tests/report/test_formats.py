from __future__ import annotations

import csv
import io
import json

import pytest

from cnnbench.report.formats import FORMATS, csv_text, json_text, markdown_text, notes_text


@pytest.mark.parametrize("name", ["SMALL_DATA", "VERDICTS", "BACKENDS", "TWO_TABLES", "TIMES"])
@pytest.mark.parametrize("suffix", ["csv", "md"])
def test_the_text_is_the_golden_one(comparisons, golden, name, suffix):
    render = {"csv": csv_text, "md": markdown_text}[suffix]
    golden(f"{name.lower()}.{suffix}", render(getattr(comparisons, name)))


def test_csv_keeps_every_digit_and_leaves_missing_values_empty(comparisons):
    rows = list(csv.DictReader(io.StringIO(csv_text(comparisons.SMALL_DATA))))
    assert [row["variant"] for row in rows] == [
        "plain",
        "dropout",
        "augmentation",
        "all together [sic]",
    ]
    assert float(rows[1]["test_accuracy_mean"]) == 0.9134
    assert float(rows[1]["difference_low"]) == 0.0122 - 0.0093
    assert rows[3]["test_accuracy_mean"] == ""
    assert [row["is_baseline"] for row in rows] == ["true", "false", "false", "false"]


def test_csv_puts_the_unit_into_the_column_name(comparisons):
    (first, _) = csv.DictReader(io.StringIO(csv_text(comparisons.TIMES)))
    assert float(first["latency_single_seconds_mean"]) == 0.00213


def test_json_holds_everything(comparisons):
    content = json.loads(json_text(comparisons.SMALL_DATA))
    (table,) = content["tables"]
    assert content["metric"]["name"] == "accuracy"
    assert content["metric"]["unit"] == "fraction"
    assert content["notes"] == list(comparisons.SMALL_DATA.notes)
    assert table["notes"] == list(comparisons.SMALL_DATA.tables[0].notes)
    assert table["rows"][1]["difference"] == {
        "mean": 0.0122,
        "n": 5,
        "interval": {"low": 0.0122 - 0.0093, "high": 0.0122 + 0.0093},
    }
    assert table["rows"][3]["value"] is None


def test_names_in_markdown_are_no_markup(comparisons):
    text = markdown_text(comparisons.TWO_TABLES)
    (line,) = [line for line in text.splitlines() if "dense" in line]
    assert "dense\\|net" in line
    assert line.replace("\\|", "").count("|") == 7


def test_names_in_markdown_are_no_commands_to_a_terminal(comparisons):
    table = comparisons.table(comparisons.row("red \x1b[31m", None))
    assert "red \\\\x1b[31m" in markdown_text(comparisons.comparison(table))


def test_notes_are_a_line_each_with_the_table_that_they_concern(comparisons):
    lines = notes_text(comparisons.SMALL_DATA).splitlines()
    assert lines[:2] == [
        "note: results/small_data/torch/records.jsonl: no record in line 3; ignored",
        "note: small_data on torch: augmentation: 3 of 5 replicates recorded",
    ]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("two\nlines", "two lines"),
        ("![seen](https://example.org)", "![seen]\\(https://example.org)"),
        ("all [together]", "all [together]"),
    ],
)
def test_a_name_in_markdown_stays_one_plain_cell(comparisons, name, cell):
    table = comparisons.table(comparisons.row(name, None))
    assert f"\n| {cell} | " in markdown_text(comparisons.comparison(table))


@pytest.mark.parametrize(
    "name",
    ['=HYPERLINK("https://example.org")', "@SUM(A1)", "-2+3", "+1", "\ttab", " =1+1", "\uff1d1"],
)
def test_a_name_in_csv_is_no_formula_of_a_spreadsheet(comparisons, name):
    table = comparisons.table(
        comparisons.row(name, comparisons.estimate(-0.5), backend=name, folder=name), recipe=name
    )
    (row,) = csv.DictReader(io.StringIO(csv_text(comparisons.comparison(table, metric="training"))))
    for column in ("recipe", "variant", "backend", "folder"):
        assert row[column] == f"'{name}"
    assert row["training_seconds_mean"] == "-0.5"


@pytest.mark.parametrize("name", ["max pool", "a=b", "2-3", "'quoted'", "größer"])
def test_any_other_name_stands_in_csv_as_it_is(comparisons, name):
    table = comparisons.table(comparisons.row(name, None))
    (row,) = csv.DictReader(io.StringIO(csv_text(comparisons.comparison(table))))
    assert row["variant"] == name


@pytest.mark.parametrize("render", FORMATS.values())
@pytest.mark.parametrize("character", ["\x1b", "\x07", "\r", "\x9b", "\u202e"])
def test_no_format_lets_a_command_to_the_terminal_through(comparisons, render, character):
    table = comparisons.table(
        comparisons.row(f"a{character}b", None, folder=character),
        recipe=character,
        title=character,
        notes=(character,),
    )
    comparison = comparisons.comparison(table, notes=(character,))
    assert character not in render(comparison)
    assert character not in notes_text(comparison)


def test_json_says_the_same_without_control_characters(comparisons):
    name = "\x9b\u202e\x1b"
    table = comparisons.table(comparisons.row(name, None))
    (said,) = json.loads(json_text(comparisons.comparison(table)))["tables"]
    assert said["rows"][0]["variant"] == name


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_with_one_newline(comparisons, name):
    text = FORMATS[name](comparisons.SMALL_DATA)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
