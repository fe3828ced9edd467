"""`cnnbench report`, and the page at the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnbench.cli.app import app
from cnnbench.errors import ComparisonError

STUDY = Path(__file__).parents[2] / "results" / "reference" / "small_data" / "torch"


def call(*arguments):
    return CliRunner().invoke(app, [str(x) for x in arguments])


@pytest.mark.slow
def test_the_page_is_written_where_asked_and_an_older_one_replaced(tmp_path):
    output = tmp_path / "page.html"
    first = call("report", STUDY, "-o", output)
    assert first.exit_code == 0, first.output
    text = output.read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert call("report", STUDY, "-o", output).exit_code == 0
    assert output.read_text() == text


@pytest.mark.slow
def test_by_default_it_is_report_html_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "wrote report.html" in call("report", STUDY).output
    assert (tmp_path / "report.html").is_file()


@pytest.mark.slow
def test_any_other_file_is_replaced_by_force_alone(tmp_path):
    output = tmp_path / "recipe.toml"
    output.write_text("[data]")
    refused = call("report", STUDY, "-o", output)
    assert isinstance(refused.exception, ComparisonError)
    assert output.read_text() == "[data]"
    assert call("report", STUDY, "-o", output, "--force").exit_code == 0
    assert output.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.slow
def test_pictures_are_written_one_by_one_and_no_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("report", STUDY, "--pictures", "pictures", "--format", "pdf")
    assert done.exit_code == 0, done.output
    names = {f"{name}-{width}.pdf" for name in ("forest", "curves", "confusion", "cost")
             for width in ("single", "double")}  # fmt: skip
    assert {path.name for path in Path("pictures").iterdir()} == names
    assert "no predictions of the same test images" in done.output
    assert not Path("report.html").exists()


@pytest.mark.usefixtures("scripted_path")
@pytest.mark.slow
def test_images_are_a_picture_while_the_cache_holds_them(recipe, tmp_path, monkeypatch):
    results = tmp_path / "results"
    run = ("run", recipe(), "--backend", "scripted", "--results", results)
    assert call(*run, "--executor", "inline").exit_code == 0
    for format_ in ("svg", "png"):
        for name in ("one", "two"):
            call("report", results, "--pictures", tmp_path / name, "--format", format_)
        first, second = ((tmp_path / x / f"images-double.{format_}") for x in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "empty"))
    done = call("report", results, "--pictures", tmp_path / "three")
    assert "the cache of decoded images no longer holds those of digits with this digest" in (
        done.output
    )


@pytest.mark.usefixtures("scripted_path")
@pytest.mark.slow
def test_a_run_can_end_with_its_page(recipe, tmp_path):
    arguments = ("run", recipe(), "--backend", "scripted", "--results", tmp_path / "results")
    page = tmp_path / "page.html"
    done = call(*arguments, "--executor", "inline", "--report", page)
    assert done.exit_code == 0, done.output
    assert done.output.endswith(f"\nwrote {page}\n")
    assert "A tiny study" in page.read_text()


@pytest.mark.usefixtures("scripted_path")
def test_a_run_refuses_the_place_of_its_page_before_it_trains(recipe, tmp_path):
    path = recipe()
    arguments = ("run", path, "--backend", "scripted", "--results", tmp_path / "results")
    places = (path, "something else at"), (tmp_path / "no" / "x", "no folder")
    for place, reason in (*places, (tmp_path / "page.pdf", "a report is a page")):
        refused = call(*arguments, "--report", place)
        assert isinstance(refused.exception, ComparisonError)
        assert reason in str(refused.exception)
    assert not (tmp_path / "results").exists()


def test_a_page_is_not_written_in_the_name_or_for_the_format_of_a_picture(tmp_path):
    page = tmp_path / "page.PDF"
    for options, reason in (
        (("--output", page), f"call it {tmp_path / 'page.html'}, or write its pictures"),
        (("--format", "pdf"), "give --pictures DIR with it"),
    ):
        refused = call("report", STUDY, *options)
        assert isinstance(refused.exception, ComparisonError)
        assert reason in str(refused.exception)
    assert not page.exists()
