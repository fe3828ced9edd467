"""The table and the CSV of backends side by side."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from rich.console import Console

from cnnbench.parity.deviation import Criterion, Difference
from cnnbench.parity.judgement import Parity, ParityVerdict
from cnnbench.parity.table import parity_csv, print_parity

DIFFERENCES = (
    Difference(Criterion.INITIAL, 1e-8, 1e-5),
    Difference(Criterion.LOSS, 0.25, 1e-5, 1, (2.5, 2.25)),
    Difference(Criterion.EPOCH, 0.125, 1e-5),
    Difference(Criterion.PASS, 0.0625, 0.125, 1, (1.5, 1.5625)),
    Difference(Criterion.MASKS, 0.25, 0.5, values=(2.0, 2.25)),
    Difference(Criterion.FINAL, 0.5, None),
    Difference(Criterion.ACCURACY, 0.5, 0.1, values=(0.75, 0.25)),
)


def parity(differences, verdict):
    return Parity(
        variant="augmentation-with-translation",
        replicate=0,
        reference="torch-native",
        other="an-experimental-backend",
        differences=differences,
        verdict=verdict,
        reason="because",
    )


PARITIES = (
    parity(DIFFERENCES, ParityVerdict.DIFFER),
    parity(DIFFERENCES, ParityVerdict.CANT_TELL),
    parity((), ParityVerdict.FAILED),
)


def test_headings_figures_and_verdicts_are_whole_at_80_columns_however_long_the_names():
    console = Console(width=80, record=True, file=io.StringIO())
    print_parity(console, PARITIES)
    table = console.export_text().partition("Differences to")[0]
    words = "variant backend before training first epoch after whole epochs accuracy verdict"
    assert set(words.split()) <= set(table.split())
    assert {"differ", "failed"} <= set(table.split())
    assert "can't tell" in table
    assert {"1.0e-08", "2.5e-01", "1.2e-01", "6.2e-02", "5.0e-01", "-50.0"} <= set(table.split())
    assert "\u2026" not in table


def test_of_signals_it_is_said_what_they_are():
    console = Console(width=80, record=True, file=io.StringIO())
    print_parity(console, PARITIES, signals=True)
    text = " ".join(console.export_text().split())
    assert "a probability of the test signals before training" in text
    assert "image" not in text


def test_names_are_no_formulas_in_the_csv_and_no_commands():
    named = replace(parity((), ParityVerdict.FAILED), variant="=1+1", reason="a\x1b[31mb")
    (row,) = csv.DictReader(io.StringIO(parity_csv([named])))
    assert (row["variant"], row["reason"]) == ("'=1+1", "a\\x1b[31mb")


def test_the_csv_holds_every_difference_with_the_verdict():
    rows = list(csv.DictReader(io.StringIO(parity_csv(PARITIES))))
    assert [row["measure"] for row in rows] == [*Criterion, *Criterion, ""]
    assert [row["verdict"] for row in rows] == ["differ"] * 7 + ["can't tell"] * 7 + ["failed"]
    assert {row["reason"] for row in rows} == {"because"}
    loss, accuracy = rows[1], rows[6]
    assert (loss["step"], loss["reference_value"], loss["value"]) == ("1", "2.5", "2.25")
    assert (accuracy["reference_value"], accuracy["value"]) == ("0.75", "0.25")
    assert (loss["difference"], loss["allowed"], rows[5]["allowed"]) == ("0.25", "1e-05", "")
