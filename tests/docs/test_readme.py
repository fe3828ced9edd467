"""What the README shows is what the program says."""

from __future__ import annotations

from pathlib import Path

from cnnbench.comparison.compare import compare_records
from cnnbench.report.console import comparison_text

ROOT = Path(__file__).parents[2]


def test_the_table_of_the_readme_is_that_of_the_reference_records():
    comparison = compare_records([ROOT / "results" / "reference" / "small_data" / "torch"])
    assert comparison.notes == ()
    assert comparison_text(comparison) in (ROOT / "README.md").read_text(encoding="utf-8")
