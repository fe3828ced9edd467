from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from functools import partial

import pandas as pd
import pytest

from cnnbench.results.record import Plan, Record, Status
from cnnbench.results.store import Store


@pytest.fixture
def results(tmp_path):
    """Two backends, two variants, three replicates each."""
    for backend, gain in (("torch", 0.0), ("jax", 0.01)):
        records = [
            Record(
                trial=f"{backend}-{variant}-{replicate}",
                recipe="mnist",
                variant=variant,
                replicate=replicate,
                backend=backend,
                status=Status.OK,
                metrics={"test": {"accuracy": base + gain + replicate / 100, "log_loss": 0.3}},
            )
            for variant, base in (("plain", 0.9), ("dropout", 0.92))
            for replicate in range(3)
        ]
        with Store(tmp_path / "results", "mnist", backend) as store:
            for record in records:
                store.append(record)
            store.write_plan(
                Plan(
                    recipe="mnist",
                    backend=backend,
                    baseline="plain",
                    variants=("plain", "dropout"),
                    replicates=3,
                    trials={x.trial: (x.variant, x.replicate, None) for x in records},
                )
            )
    return tmp_path / "results"


@pytest.fixture
def compare(command):
    return partial(command, "compare")


def compare_in_ascii(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "cnnbench", "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )


def test_a_table_for_each_backend_is_printed(compare, results):
    run = compare(results)
    assert run.returncode == 0
    assert "mnist on jax" in run.stdout
    assert "mnist on torch" in run.stdout
    assert "plain (baseline)" in run.stdout
    assert "91.0 ± 2.5 %" in run.stdout  # 0.90, 0.91, 0.92: 4.3027 * 0.01 / sqrt(3)


def test_backends_are_compared_variant_by_variant(compare, results):
    content = json.loads(compare(results, "--by", "backend", "--format", "json").stdout)
    (table,) = content["tables"]
    assert [(row["variant"], row["backend"]) for row in table["rows"]] == [
        ("plain", "jax"),
        ("plain", "torch"),
        ("dropout", "jax"),
        ("dropout", "torch"),
    ]
    assert table["rows"][1]["difference"]["mean"] == pytest.approx(-0.01)


def test_a_report_can_go_to_a_file(compare, results, tmp_path):
    run = compare(results, "--format", "csv", "--output", tmp_path / "report.csv")
    assert (run.returncode, run.stdout) == (0, "")
    assert (tmp_path / "report.csv").read_text() == compare(results, "--format", "csv").stdout


def test_the_notes_that_csv_has_no_place_for_go_to_standard_error(compare, results):
    path = results / "mnist" / "torch" / "records.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    run = compare(results, "--format", "csv")
    assert run.returncode == 0
    assert "note:" not in run.stdout
    assert run.stderr.splitlines()[0] == (
        "note: mnist on jax: dropout: all 3 differences are exactly the same, so that "
        "nothing tells how uncertain the mean is"
    )
    assert "note: mnist on torch: dropout: 2 of 3 replicates recorded" in run.stderr.splitlines()


def test_json_holds_the_notes_itself(compare, results):
    assert compare(results, "--format", "json").stderr == ""


def test_an_output_replaces_no_file_unasked(compare, results, tmp_path):
    records = results / "mnist" / "torch" / "records.jsonl"
    before = records.read_bytes()
    run = compare(results, "--output", records, "--format", "csv")
    assert run.returncode == 2
    assert run.stderr.endswith("holds results, not a report; choose another --output\n")
    assert records.read_bytes() == before
    report = tmp_path / "report.txt"
    assert compare(results, "--output", report).returncode == 0
    again = compare(results, "--output", report)
    assert again.returncode == 2
    assert again.stderr.endswith("choose another --output, or replace it with --force\n")
    assert compare(results, "--output", report, "--force").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--baseline", "none"]])
def test_names_that_the_terminal_can_not_encode_are_written_out(results, options):
    for name in ("records.jsonl", "plan.json"):
        path = results / "mnist" / "torch" / name
        path.write_text(path.read_text().replace('"dropout"', '"größer"'))
    run = compare_in_ascii(results / "mnist" / "torch", *options)
    assert "gr\\xf6\\xdfer" in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_the_table_that_goes_to_a_file_is_the_one_that_is_piped(compare, results, tmp_path):
    compare(results, "--output", tmp_path / "report.txt")
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == compare(results).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--metric", "acuracy"], "did you mean 'accuracy'?"),
        (["--baseline", "plane"], "did you mean 'plain'?"),
        (["--format", "jsn"], "did you mean 'json'?"),
        (["--output", "/proc/report.csv"], "can't be written to /proc/report.csv"),
    ],
)
def test_a_wrong_request_is_one_sentence_and_exit_code_2(compare, results, arguments, words):
    run = compare(results, *arguments)
    assert run.returncode == 2
    assert run.stdout == ""
    assert words in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_value_that_an_option_does_not_take_is_answered_with_those_that_it_does(compare, results):
    run = compare(results, "--by", "variants")
    assert run.returncode == 2
    assert "invalid value for '--by': 'variants' is not one of 'variant'," in run.stderr


def test_an_empty_folder_says_how_to_make_records(compare, tmp_path):
    run = compare(tmp_path)
    assert run.returncode == 2
    assert "cnnbench run RECIPE --backend BACKEND" in run.stderr


def test_a_cut_file_is_compared_and_the_damage_told(compare, results):
    path = results / "mnist" / "torch" / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    run = compare(results)
    assert run.returncode == 0
    assert "cut while being written" in run.stdout
    assert "dropout: 2 of 3 replicates recorded" in run.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("--baseline dr", "dropout"),
        ("--by backend --baseline to", "torch"),
        ("--metric balanced", "balanced_accuracy"),
        ("--format mark", "markdown"),
    ],
)
def test_names_are_completed(command, results, typed, offered, monkeypatch):
    line = f"cnnbench compare {results} {typed}"
    monkeypatch.setenv("_CNNBENCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    assert offered in command().stdout.split()


def test_records_are_a_row_a_trial_in_csv(compare, results):
    run = compare(results, "--format", "records")
    rows = list(csv.DictReader(io.StringIO(run.stdout)))
    assert run.returncode == 0
    assert len(rows) == 12
    first = {key: rows[0][key] for key in ("recipe", "backend", "variant", "replicate", "status")}
    assert first == {
        "recipe": "mnist",
        "backend": "jax",
        "variant": "plain",
        "replicate": "0",
        "status": "ok",
    }
    assert (rows[0]["test_accuracy"], rows[0]["test_log_loss"]) == ("0.91", "0.3")
    assert "note: " in run.stderr


def test_a_name_in_records_is_no_formula_of_a_spreadsheet(compare, tmp_path):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(
            Record(
                trial="=1",
                recipe="mnist",
                variant="@SUM(A1)",
                replicate=0,
                backend="torch",
                status=Status.OK,
                metrics={"=evil": {"+1": 0.5}},
                reason="two\nlines, \x1b",
            )
        )
    (row,) = csv.DictReader(io.StringIO(compare(tmp_path, "--format", "records").stdout))
    assert (row["trial"], row["variant"], row["'=evil_+1"]) == ("'=1", "'@SUM(A1)", "0.5")
    assert row["reason"] == "two\nlines, \\x1b"


def test_latex_is_a_format(compare, results):
    run = compare(results, "--format", "latex")
    assert run.stdout.count(r"\begin{table}") == 2


def test_an_unknown_format_is_told_all_that_there_are(compare, results):
    run = compare(results, "--format", "record")
    assert run.returncode == 2
    assert "did you mean 'records'?" in run.stderr
    assert "latex" in run.stderr


def test_the_suffix_of_the_output_decides_its_format(compare, results, tmp_path):
    assert compare(results, "-o", tmp_path / "a.csv").returncode == 0
    assert (tmp_path / "a.csv").read_text().startswith("recipe,backend,variant")
    assert compare(results, "-o", tmp_path / "a.tex").returncode == 0
    assert "\\begin{table}" in (tmp_path / "a.tex").read_text()
    unknown = compare(results, "-o", tmp_path / "a.cvs")
    assert unknown.returncode == 2
    assert (
        "name it with one of .txt, .csv, .md, .json, .tex, .parquet, or give --format"
        in unknown.stderr
    )
    assert compare(results, "-o", tmp_path / "a.cvs", "-f", "csv").returncode == 0


def test_parquet_holds_the_rows_of_csv_with_their_kinds_and_the_notes(compare, results, tmp_path):
    run = compare(results, "-o", tmp_path / "all.parquet")
    assert (run.returncode, run.stdout) == (0, "")
    frame = pd.read_parquet(tmp_path / "all.parquet")
    as_text = pd.read_csv(io.StringIO(compare(results, "--format", "csv").stdout))
    assert list(frame) == list(as_text)
    assert frame["variant"].tolist() == ["plain", "dropout"] * 2
    assert frame["test_accuracy_mean"].tolist() == pytest.approx([0.92, 0.94, 0.91, 0.93])
    assert frame["is_baseline"].dtype == bool
    assert frame.attrs["notes"]


def test_records_go_into_parquet_where_the_name_of_the_file_says_so(compare, results, tmp_path):
    run = compare(results, "--format", "records", "-o", tmp_path / "trials.parquet")
    assert run.returncode == 0
    frame = pd.read_parquet(tmp_path / "trials.parquet")
    assert len(frame) == 12
    assert frame["test_accuracy"].sum() == pytest.approx(12 * 0.925)


def test_parquet_needs_a_file_and_pyarrow(compare, results, tmp_path, monkeypatch):
    bare = compare(results, "--format", "parquet")
    assert bare.returncode == 2
    assert "name a file, as in --output comparison.parquet" in bare.stderr
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    without = compare(results, "-o", tmp_path / "all.parquet")
    assert without.returncode == 2
    assert "install it with: pip install 'cnnbench[parquet]'" in without.stderr
    assert len(without.stderr.splitlines()) == 1
    assert not (tmp_path / "all.parquet").exists()


def test_every_pair_of_variants_is_compared_once(compare, results):
    table = compare(results, "--all-pairs", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    pairs = {frozenset((row["backend"], row["variant"], row["against"])) for row in rows}
    assert len(pairs) == len(rows) > 0
    wrong = compare(results, "--all-pairs", "--by", "backend")
    assert wrong.returncode == 2
    assert "leave out --by backend" in wrong.stderr


def test_further_metrics_stand_beside_the_first(compare, results):
    done = compare(results, "--metric", "accuracy", "--metric", "f1", "--format", "csv")
    alone = compare(results, "--metric", "f1", "--format", "csv")
    both, only = (list(csv.DictReader(io.StringIO(x.stdout))) for x in (done, alone))
    assert [row["test_f1_mean"] for row in both] == [row["test_f1_mean"] for row in only]
    assert "test_accuracy_mean" in both[0]
