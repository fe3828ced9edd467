from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from cnnbench.comparison.inference.verdicts import Conclusion
from cnnbench.report.console import _STYLES, comparison_text, print_comparison


def on_terminal(comparison, width, encoding="utf-8"):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(
        file=file, width=width, force_terminal=True, color_system=None, legacy_windows=False
    )
    print_comparison(comparison, console)
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize(
    "name", ["SMALL_DATA", "VERDICTS", "BACKENDS", "TWO_TABLES", "TIMES", "CONSTANTS"]
)
def test_the_table_is_the_golden_one(comparisons, golden, name):
    golden(f"{name.lower()}.txt", comparison_text(getattr(comparisons, name)))


@pytest.mark.parametrize("width", [80, 60, 40])
def test_narrow_terminals_get_the_golden_table(comparisons, golden, width):
    golden(f"small_data_{width}.txt", on_terminal(comparisons.SMALL_DATA, width))


@pytest.mark.parametrize("name", ["SMALL_DATA", "VERDICTS", "BACKENDS", "TWO_TABLES"])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal_or_100(comparisons, name, width):
    text = on_terminal(getattr(comparisons, name), width)
    lines = [line for line in text.splitlines() if "/torch/" not in line]  # paths stay whole
    assert max(map(len, lines)) <= width
    words = [line for line in lines if "  " not in line]
    assert max(map(len, words)) <= 100


def test_a_pipe_gets_100_columns_without_colours(comparisons):
    file = io.StringIO()
    print_comparison(comparisons.SMALL_DATA, Console(file=file))
    assert file.getvalue() == comparison_text(comparisons.SMALL_DATA)
    assert "\x1b" not in file.getvalue()


def test_a_pipe_is_as_wide_as_its_reader_says(comparisons, monkeypatch):
    assert "parameters" not in comparison_text(comparisons.VERDICTS).split("note:")[0]
    monkeypatch.setenv("COLUMNS", "140")
    file = io.StringIO()
    print_comparison(comparisons.VERDICTS, Console(file=file))
    (head,) = (line for line in file.getvalue().splitlines() if line.startswith("variant"))
    assert "parameters" in head
    assert "no room" not in file.getvalue()


def test_a_verdict_has_its_colour_on_a_terminal(comparisons):
    file = io.StringIO()
    console = Console(file=file, width=120, force_terminal=True, color_system="standard")
    print_comparison(comparisons.VERDICTS, console)
    for style, word in (
        ("1;32", "better"),
        ("31", "worse, by less than 1 point"),
        ("33", "better?"),
    ):
        assert f"\x1b[{style}m{word}" in file.getvalue()


def test_a_verdict_is_never_broken(comparisons):
    for width in (70, 80, 90, 100):
        text = on_terminal(comparisons.VERDICTS, width)
        (head,) = (line for line in text.splitlines() if line.startswith("variant"))
        table = text.partition(head)[2].partition("\n± and")[0]
        assert ("verdict" in head) == ("worse, by less than 1 point" in table)


def test_a_terminal_without_unicode_gets_plain_characters(comparisons):
    text = on_terminal(comparisons.SMALL_DATA, 100, encoding="ascii")
    assert "90.1 +- 1.2 %" in text


def test_commands_to_the_terminal_are_written_out(comparisons):
    table = comparisons.table(
        comparisons.row("red \x1b[31m", comparisons.estimate(0.9, 0.01)),
        title="clears \x9b2J",
        notes=("rings \x07 and turns \u202e round",),
    )
    text = comparison_text(comparisons.comparison(table))
    assert "red \\x1b[31m" in text
    assert "clears \\x9b2J" in text
    assert "note: rings \\x07 and turns \\u202e round" in text


@pytest.mark.parametrize(
    ("metric", "heads"),
    [
        ("log_loss", ("test log loss, nats", "difference, nats")),
        ("images_per_second", ("training speed, images/s", "difference, images/s")),
        ("flops", ("FLOPs", "difference, FLOPs")),
        ("balanced_accuracy", ("test balanced accuracy", "difference, points")),
    ],
)
def test_values_and_differences_have_a_unit(comparisons, metric, heads):
    table = comparisons.table(comparisons.row("plain", comparisons.estimate(0.9, 0.01)))
    text = comparison_text(comparisons.comparison(table, metric=metric))
    assert [head for head in heads if head not in text] == []


@pytest.mark.parametrize(
    ("metric", "heads"),
    [
        ("images_per_second", ("training speed, signals/s", "difference, signals/s")),
        ("latency_single", ("latency of one signal",)),
    ],
)
def test_the_units_of_signals_are_not_those_of_images(comparisons, metric, heads):
    row = comparisons.row("plain", comparisons.estimate(0.9, 0.01))
    table = replace(comparisons.table(row), things="signals")
    text = comparison_text(comparisons.comparison(table, metric=metric))
    assert [head for head in heads if head not in text] == []


def test_columns_without_room_are_told(comparisons):
    text = on_terminal(comparisons.SMALL_DATA, 60)
    assert "parameters" not in text.splitlines()[3]
    assert "note: no room at this width for" in text


@pytest.mark.parametrize("conclusion", Conclusion)
def test_a_colour_says_what_the_word_says(conclusion):
    style = _STYLES.get(conclusion, "")
    assert ("green" in style) == conclusion.helps
    assert ("red" in style) == conclusion.hurts
    maybe = conclusion in {Conclusion.MAYBE_BETTER, Conclusion.MAYBE_WORSE}
    assert ("yellow" in style) == maybe
