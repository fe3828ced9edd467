from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbench.report.latex import caption_of, escaped, latex_text

ACTIVE = re.compile(r"(?<!\\)[&%$#_~^]")


@pytest.mark.parametrize("name", ["SMALL_DATA", "VERDICTS", "BACKENDS", "TWO_TABLES", "TIMES"])
def test_the_text_is_the_golden_one(comparisons, golden, name):
    golden(f"{name.lower()}.tex", latex_text(getattr(comparisons, name)))


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("batch_norm", r"batch\_norm"),
        (r"\input{secret}", r"\textbackslash{}input\{secret\}"),
        ("50% & $more$ #1", r"50\% \& \$more\$ \#1"),
        ("a^b~c", r"a\textasciicircum{}b\textasciitilde{}c"),
        ("[1cm] after a row", "{}[1cm] after a row"),
        ("*", "{}*"),
        ("a--b", "a-{}-b"),
        ("it's", "it's"),
        ("<T>", r"\textless{}T\textgreater{}"),
        ("two\nlines\u2028 more", "two lines more"),
        ("red \x1b[31m", r"red \textbackslash{}x1b[31m"),
        ("größer", "größer"),
    ],
)
def test_a_name_is_no_command_to_latex(comparisons, name, cell):
    table = comparisons.table(comparisons.row(name, None), title=name, notes=(name,))
    text = latex_text(comparisons.comparison(table))
    assert f"\n{cell} & " in text
    assert f"Note: {cell}\\par" in text
    assert f": {cell.removeprefix('{}')}. " in text  # the caption


@pytest.mark.parametrize("title", ["Which is best?", "A convnet against a dense one.", "So be it!"])
def test_the_title_ends_as_it_is_written(comparisons, title):
    table = comparisons.table(comparisons.row("plain", None), title=title)
    caption = caption_of(comparisons.comparison(table), table)
    assert f": {title} Accuracy" in caption


@given(st.text())
def test_no_text_whatever_leaves_braces_open_or_an_active_character(text):
    made = escaped(text)
    bare = made.replace(r"\{", "").replace(r"\}", "")
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert not ACTIVE.search(made)
    assert len(made.splitlines()) <= 1


def test_a_note_of_all_tables_is_one_comment(comparisons):
    table = comparisons.table(comparisons.row("plain", None))
    text = latex_text(comparisons.comparison(table, notes=("no\n\\end{document}",)))
    assert text.splitlines()[1] == "% no \\end{document}"


def test_the_caption_tells_n_test_and_correction(comparisons):
    (table,) = comparisons.VERDICTS.tables
    caption = caption_of(comparisons.VERDICTS, table)
    assert "over n = 10 replicates" in caption
    assert "Test: Student's paired t test, two-sided" in caption
    assert "Holm's correction for 6 comparisons, level .05" in caption
    assert "Smallest difference that matters: 1 point." in caption


def test_the_caption_says_where_rows_have_another_n_each(comparisons):
    (table,) = comparisons.SMALL_DATA.tables
    assert "n replicates, told in each row" in caption_of(comparisons.SMALL_DATA, table)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"anytime": True}, "the t test that holds at any time"),
        ({"folds": 5}, "its variance corrected for the images that folds share"),
        ({"family": 1}, "one comparison, so without a correction"),
        ({"looks": (5, 8, 12)}, "at looks after 5, 8 and 12 replicates, the level spent"),
        ({"looks": (5, 8), "anytime": True}, "the t test that holds at any time"),
    ],
)
def test_the_caption_names_the_test_that_was_made(comparisons, changes, said):
    rows = comparisons.VERDICTS.tables[0].rows
    table = comparisons.table(*rows, **changes)
    assert said in caption_of(comparisons.VERDICTS, table)


def test_counts_are_told_to_have_no_test(comparisons):
    (table,) = comparisons.CONSTANTS.tables
    caption = caption_of(comparisons.CONSTANTS, table)
    assert "counted from the network" in caption
    assert "Test" not in caption


def test_the_caption_of_one_replicate_tells_of_no_interval_and_no_test(comparisons):
    alone = replace(comparisons.VERDICTS.tables[0].rows[1].judgement, n=1, p=None, p_holm=None)
    value, difference = comparisons.estimate(0.9, n=1), comparisons.estimate(0.1, n=1)
    table = comparisons.table(comparisons.row("wide", value, difference, n=1, judgement=alone))
    caption = caption_of(comparisons.comparison(table), table)
    assert "mean over n = 1 replicates. Differences to plain are paired by replicate" in caption
    assert "interval" not in caption
    assert "Test:" not in caption
    assert "correction" not in caption


def test_a_negative_difference_has_a_minus_and_a_name_its_hyphen(comparisons):
    table = comparisons.table(
        comparisons.row("a-1", comparisons.estimate(0.5), comparisons.estimate(-0.5, 0.1))
    )
    text = latex_text(comparisons.comparison(table))
    assert "a-1 & " in text
    assert r"\ensuremath{-}50.0 [\ensuremath{-}60.0, \ensuremath{-}40.0]" in text


def test_tables_of_names_that_look_alike_have_labels_of_their_own(comparisons):
    tables = [
        comparisons.table(comparisons.row("plain", None), recipe=name) for name in ("a_b", "a-b")
    ]
    text = latex_text(comparisons.comparison(*tables))
    assert re.findall(r"\\label\{(.*)\}", text) == ["tab:a-b-on-torch", "tab:a-b-on-torch-2"]
