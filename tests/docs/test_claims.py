"""Figures that guides quote are those of the reference records."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.inference.verdicts import Conclusion
from cnnbench.report.console import comparison_text

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "results" / "reference"
RANDOM = {"dropout", "augmentation", "together"}


def test_backends_are_as_near_each_other_as_the_guide_says():
    (table,) = compare_records([REFERENCE / "small_data"], by="backend").tables
    assert len({row.backend for row in table.rows}) == 4
    spans = {}
    for variant in {row.variant for row in table.rows}:
        means = [row.value.mean for row in table.rows if row.variant == variant]
        spans[variant] = round(100 * (max(means) - min(means)), 2)
    assert max(spans[name] for name in spans.keys() - RANDOM) <= 0.1
    assert round(max(spans.values()), 1) == 0.9
    verdicts = {
        row.judgement.verdict.outcome
        for row in table.rows
        if row.judgement and row.variant not in RANDOM
    }
    assert verdicts == {Conclusion.SAME}
    settled = {Conclusion.BETTER, Conclusion.WORSE}
    assert not settled & {x.judgement.verdict.outcome for x in table.rows if x.judgement}


@pytest.mark.parametrize("page", ["how-to/photos.md", "transfer.md"])
def test_the_table_of_photos_is_that_of_their_records(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    shown = comparison_text(compare_records([REFERENCE / "photos"]))
    rows = re.findall(r"^\| .*± .*$", text, re.MULTILINE)
    assert len(rows) == 4
    for row in rows:
        for figure in re.findall(r"[\d.]+ ± [\d.]+ %|[+-][\d.]+ \[[^]]+\]", row):
            assert figure in shown, row
