from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import pytest

from cnnbench.errors import ComparisonError
from cnnbench.loading import manager
from cnnbench.plugin.report_format import ReportFormat
from cnnbench.report.formats import FORMATS
from cnnbench.report.output import find_format, write_report


def test_built_in_formats_are_found_by_name():
    assert find_format("csv") is FORMATS["csv"]


def test_an_unknown_format_is_answered_with_the_nearest():
    with pytest.raises(ComparisonError, match="did you mean 'markdown'"):
        find_format("markdwon")


def test_a_report_replaces_the_old_one_whole_when_asked_to(tmp_path):
    path = tmp_path / "report.csv"
    path.write_text("old and longer")
    write_report("new ± 1\n", path, force=True)
    assert path.read_text(encoding="utf-8") == "new ± 1\n"
    assert [file.name for file in tmp_path.iterdir()] == ["report.csv"]


@pytest.mark.parametrize(
    ("place", "words"),
    [("folder", "folder has the name"), ("missing/report.csv", "not exist"), ("file/x", "a file")],
)
def test_a_place_that_can_not_be_written_is_named(tmp_path, place, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(ComparisonError, match="choose another --output") as caught:
        write_report("text", tmp_path / place)
    assert str(tmp_path / place) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Unix")
def test_a_device_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_report("text", pipe)
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_file_that_holds_something_is_not_replaced_unasked(tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text("replicates = 2")
    link = tmp_path / "link"
    link.symlink_to(recipe)
    for path in (recipe, link):
        with pytest.raises(ComparisonError, match=r"already; .* replace it with --force"):
            write_report("text", path)
    assert recipe.read_text() == "replicates = 2"


@pytest.mark.parametrize("name", ["records.jsonl", "plan.json"])
def test_results_are_not_replaced_by_a_report_even_when_asked_to(tmp_path, name):
    (tmp_path / name).write_text("{}")
    (tmp_path / "link.csv").symlink_to(tmp_path / name)
    for path in (tmp_path / name, tmp_path / "link.csv"):
        with pytest.raises(ComparisonError, match="holds results, not a report; choose another"):
            write_report("text", path, force=True)
    assert (tmp_path / name).read_text() == "{}"


def test_formats_of_plugins_are_given_names_fit_for_a_terminal(monkeypatch, comparisons):
    shown = ReportFormat("tally", lambda comparison: comparison.tables[0].rows[0].variant)
    monkeypatch.setattr(
        manager, "load_plugins", lambda: SimpleNamespace(report_formats={"tally": shown})
    )
    (table,) = comparisons.SMALL_DATA.tables
    row = replace(table.rows[0], variant="a\x1b[31mb\nc")
    comparison = replace(comparisons.SMALL_DATA, tables=(replace(table, rows=(row,)),))
    assert find_format("tally")(comparison) == "a\\x1b[31mb\nc"


def test_an_empty_file_is_replaced_unasked(tmp_path):
    path = tmp_path / "made-by-mktemp"
    path.touch()
    write_report("text", path)
    assert path.read_text() == "text"


def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "report.csv"
    link.symlink_to(tmp_path / "elsewhere" / "all.csv")
    write_report("first", link)
    write_report("second", link, force=True)
    assert link.is_symlink()
    assert (tmp_path / "elsewhere" / "all.csv").read_text() == "second"


def test_a_link_to_itself_is_named(tmp_path):
    link = tmp_path / "report.csv"
    link.symlink_to(link)
    with pytest.raises(ComparisonError, match=r"can't be written to .*report\.csv"):
        write_report("text", link)


def test_a_link_with_the_name_of_an_unfinished_report_is_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / ".report.csv.tmp").symlink_to(precious)
    write_report("text", tmp_path / "report.csv")
    assert precious.read_text() == "precious"
    assert (tmp_path / "report.csv").read_text() == "text"
