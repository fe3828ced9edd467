"""Figures that guides quote are those of the reference records."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.inference.verdicts import Conclusion
from cnnbench.network.bases.points import POINTS
from cnnbench.report.console import comparison_text

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "results" / "reference"
RANDOM = {"dropout", "augmentation", "together"}


def guide(page):
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


@cache
def shown(recipe, split="test"):
    """What `cnnbench compare` prints of a recipe's records."""
    return comparison_text(compare_records([REFERENCE / recipe], split=split))


def row_of(recipe, variant, split="test"):
    (row,) = re.findall(rf"^{variant} .*$", shown(recipe, split), re.MULTILINE)
    return row


def test_backends_are_as_near_each_other_as_the_guide_says():
    (table,) = compare_records([REFERENCE / "small_data"], by="backend").tables
    assert len({row.backend for row in table.rows}) == 4
    spans = dict.fromkeys((row.variant for row in table.rows), 0.0)
    for row in table.rows:
        if row.difference:
            off = round(100 * abs(row.difference.mean), 2)
            spans[row.variant] = max(spans[row.variant], off)
    assert max(spans[name] for name in spans.keys() - RANDOM) <= 0.1
    assert max(spans.values()) == 0.85
    verdicts = {
        row.judgement.verdict.outcome
        for row in table.rows
        if row.judgement and row.variant not in RANDOM
    }
    assert verdicts == {Conclusion.SAME}
    settled = {Conclusion.BETTER, Conclusion.WORSE}
    assert not settled & {x.judgement.verdict.outcome for x in table.rows if x.judgement}


def test_backends_come_to_the_same_verdicts_as_the_guide_says():
    folders = sorted((REFERENCE / "small_data").iterdir())
    tables = [compare_records([folder]).tables[0] for folder in folders]
    found = [{x.variant: x.judgement.verdict.words for x in t.rows if x.judgement} for t in tables]
    assert len(found) == 4
    assert len(found[0]) == 6
    assert all(verdicts == found[0] for verdicts in found)


@pytest.mark.parametrize("page", ["how-to/photos.md", "transfer.md"])
def test_the_table_of_photos_is_that_of_their_records(page):
    text = guide(page).partition("## Cats and dogs, as published")[0]
    rows = re.findall(r"^\| .*± .*$", text, re.MULTILINE)
    assert len(rows) == 4
    for row in rows:
        for figure in re.findall(r"[\d.]+ ± [\d.]+ %|[+-][\d.]+ \[[^]]+\]", row):
            assert figure in shown("photos"), row


def test_a_base_of_ones_own_is_worth_what_its_records_say():
    table = re.compile(r"^\| ([a-z ]+) \| (.* %) \| (.*?) \| .* % \| .* \|$", re.MULTILINE)
    rows = table.findall(guide("transfer.md").partition("## A base of one's own")[2])
    assert len(rows) == 5
    for variant, accuracy, found in rows:
        difference, _, verdict = found.partition("], ")
        row = row_of("pretrained_digits", variant)
        assert accuracy in row
        assert difference in row
        assert verdict in row


def test_cats_and_dogs_are_told_apart_as_well_as_the_guide_says():
    steps = re.compile(r"^\| ([a-z-]+) \| [\d to]+ % \| (.* %) \| (.* %) \| (\d) \|$", re.MULTILINE)
    rows = steps.findall(guide("transfer.md"))
    assert len(rows) == 5
    for variant, validated, tested, replicates in rows:
        assert f" {tested} " in row_of("cats_vs_dogs", variant)
        assert f" {validated} " in row_of("cats_vs_dogs", variant, split="validation")
        count = replicates if replicates == "3" else f"{replicates}/3"
        assert f" {count} " in row_of("cats_vs_dogs", variant)


def test_the_blocks_of_bases_are_those_that_can_be_counted():
    rows = re.findall(r"^\| (`.*`) \| (\d+) \|", guide("transfer.md"), re.MULTILINE)
    told = {name: int(count) for names, count in rows for name in re.findall(r"`(\w+)`", names)}
    assert told == {name: len(points) for name, points in POINTS.items()}
