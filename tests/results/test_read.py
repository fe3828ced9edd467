from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from cnnbench.errors import ResultsError
from cnnbench.results import files
from cnnbench.results.files import append_line
from cnnbench.results.read import read_plan, read_records, read_results
from cnnbench.results.record import Plan
from cnnbench.results.store import Store


@pytest.fixture
def folder(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        for number in range(4):
            store.append(make_record(f"t{number}", environment=""))
    return store.folder


def change_line(folder, number, text):
    path = folder / "records.jsonl"
    lines = path.read_text().splitlines()
    lines[number - 1] = text
    path.write_text("\n".join(lines) + "\n")


def trials(folder):
    return [record.trial for record in read_results([folder]).records]


def test_records_are_found_below_a_folder_in_a_folder_and_by_file(tmp_path, folder):
    wanted = ["t0", "t1", "t2", "t3"]
    assert trials(tmp_path) == wanted
    assert trials(folder) == wanted
    assert trials(folder / "records.jsonl") == wanted


def test_the_file_that_is_named_is_read_and_not_the_one_beside_it(folder):
    lines = (folder / "records.jsonl").read_text().splitlines(keepends=True)
    (folder / "old.jsonl").write_text("".join(lines[:2]))
    (study,) = read_results([folder / "old.jsonl"]).studies
    assert [record.trial for record in study.records] == ["t0", "t1"]
    assert study.place == folder / "old.jsonl"


def test_a_copy_of_the_records_is_read_from_anywhere(tmp_path, folder):
    copy = tmp_path / "mine.jsonl"
    copy.write_bytes((folder / "records.jsonl").read_bytes())
    assert trials(copy) == ["t0", "t1", "t2", "t3"]


def test_a_plan_says_nothing_about_a_file_of_another_name(folder):
    (folder / "plan.json").write_text("damaged")
    (folder / "records.jsonl").rename(folder / "old.jsonl")
    (study,) = read_results([folder / "old.jsonl"]).studies
    assert (study.plan, study.problems) == (None, ())


def test_overlapping_paths_are_read_once(tmp_path, folder):
    assert len(read_results([tmp_path, folder, folder / "records.jsonl"]).studies) == 1


def test_a_half_written_last_line_is_ignored_and_reported(folder):
    path = folder / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert trials(folder) == ["t0", "t1", "t2"]
    (problem,) = read_results([folder]).problems
    assert problem.endswith("the last line (4) was cut while being written; it is ignored")


def test_a_last_line_that_lacks_only_its_newline_counts(folder):
    path = folder / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    assert trials(folder) == ["t0", "t1", "t2", "t3"]
    assert read_results([folder]).problems == ()


@pytest.mark.parametrize("text", ["garbage", "{}", "[1]", '{"trial": 5', "\x00\x00", "null"])
def test_a_damaged_line_in_the_middle_is_reported_with_its_number(folder, text):
    change_line(folder, 2, text)
    assert trials(folder) == ["t0", "t2", "t3"]
    (problem,) = read_results([folder]).problems
    assert "no record in line 2" in problem


def test_bytes_that_are_no_text_are_reported(folder):
    path = folder / "records.jsonl"
    path.write_bytes(b"\xff\xfe\xfd\n" + path.read_bytes())
    assert trials(folder) == ["t0", "t1", "t2", "t3"]
    assert len(read_results([folder]).problems) == 1


@pytest.mark.slow
def test_a_hole_in_a_sparse_file_is_a_damaged_line_whatever_its_length(folder, make_record):
    with (folder / "records.jsonl").open("r+b") as file:
        file.truncate(files.LONGEST_LINE * 3)
    append_line(folder / "records.jsonl", make_record("t9").model_dump_json().encode())
    assert trials(folder) == ["t0", "t1", "t2", "t3", "t9"]
    (problem,) = read_results([folder]).problems
    assert problem.endswith("no record in line 5; ignored")


@pytest.mark.parametrize("name", ["records.jsonl", "plan.json"])
def test_a_file_larger_than_any_of_its_kind_is_not_read(folder, name):
    with (folder / name).open("ab") as file:
        file.truncate(2**40)
    with pytest.raises(ResultsError, match=r"can't be read.* it is larger than 16? gigabytes"):
        read_records(folder / name) if name == "records.jsonl" else read_plan(folder)


def test_many_damaged_lines_are_counted(folder):
    path = folder / "records.jsonl"
    path.write_bytes(b"x\n" * 8 + path.read_bytes())
    (problem,) = read_results([folder]).problems
    assert "lines 1, 2, 3, 4, 5 and 3 more" in problem


def test_empty_lines_are_no_damage(folder):
    change_line(folder, 2, "")
    assert read_results([folder]).problems == ()


def test_records_of_a_newer_version_are_ignored_and_reported(folder, make_record):
    newer = make_record("t1").model_copy(update={"format": 99})
    change_line(folder, 2, newer.model_dump_json())
    change_line(folder, 3, json.dumps({"format": 99, "something": "else"}))
    assert trials(folder) == ["t0", "t3"]
    (problem,) = read_results([folder]).problems
    assert "lines 2 and 3 ignored, as written by a newer cnnbench" in problem


def test_fields_of_a_later_version_with_the_same_format_are_tolerated(folder, make_record):
    content = json.loads(make_record("t1").model_dump_json()) | {"new_field": 1}
    change_line(folder, 2, json.dumps(content))
    assert trials(folder) == ["t0", "t1", "t2", "t3"]


def test_a_damaged_plan_is_a_problem_and_not_fatal(folder):
    (folder / "plan.json").write_text('{"recipe": ')
    (study,) = read_results([folder]).studies
    assert study.plan is None
    assert "plan.json is damaged" in study.problems[0]
    with pytest.raises(ResultsError, match="damaged"):
        read_plan(folder)


def test_a_missing_environment_is_a_problem_and_not_fatal(folder, make_record):
    with Store(folder.parent.parent, "mnist", "torch") as store:
        stored = store.append(make_record("t9"), environment={"cores": 2})
    (folder.parent.parent / "environments" / f"{stored.environment}.json").unlink()
    (study,) = read_results([folder]).studies
    assert len(study.records) == 5
    assert "unknown" in study.problems[0]


def test_an_environment_key_that_leads_out_of_the_folder_is_a_problem(folder, make_record):
    change_line(folder, 1, make_record("t0", environment="../../secret").model_dump_json())
    (study,) = read_results([folder]).studies
    assert "not an id" in study.problems[0]


def test_a_folder_without_records_says_how_to_make_some(tmp_path):
    with pytest.raises(ResultsError, match=r"no records in .*cnnbench run RECIPE"):
        read_results([tmp_path])


def test_a_file_of_nothing_but_damage_names_it(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text("not JSON\n")
    with pytest.raises(ResultsError, match="no record in line 1"):
        read_results([path])


def test_a_path_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ResultsError, match=r"no file or folder .*nowhere"):
        read_results([tmp_path / "nowhere"])


def test_no_file_means_no_records(tmp_path):
    assert read_records(tmp_path / "records.jsonl") == ((), ())


DEEP = "[" * 20_000 + "]" * 20_000


@pytest.mark.parametrize("ending", [f', "x": {DEEP}}}', f', "settings": {{"x": {DEEP}}}}}'])
def test_a_line_nested_without_end_is_damage(folder, ending):
    line = (folder / "records.jsonl").read_text().splitlines()[1]
    change_line(folder, 2, line[:-1] + ending)
    assert trials(folder) == ["t0", "t2", "t3"]
    assert "no record in line 2" in read_results([folder]).problems[0]


@pytest.mark.parametrize("content", [DEEP, f'{{"cores": {DEEP}}}', "[1]", "5", "", "\0"])
def test_a_damaged_environment_is_a_problem(folder, make_record, content):
    change_line(folder, 1, make_record("t0", environment="key").model_dump_json())
    (folder.parent.parent / "environments" / "key.json").write_text(content)
    (study,) = read_results([folder]).studies
    assert len(study.records) == 4
    assert "key.json is damaged" in study.problems[0]


def test_a_record_with_an_impossible_number_is_a_damaged_line(folder):
    line = json.loads((folder / "records.jsonl").read_text().splitlines()[2])
    line["metrics"]["test"]["accuracy"] = 90
    change_line(folder, 3, json.dumps(line))
    assert trials(folder) == ["t0", "t1", "t3"]
    assert "no record in line 3" in read_results([folder]).problems[0]


@pytest.mark.parametrize("name", ["records.jsonl", "plan.json", "../../environments/key.json"])
def test_the_byte_order_mark_of_an_editor_is_no_damage(folder, make_record, name):
    plan = Plan(
        recipe="mnist", backend="torch", baseline="a", variants=("a",), replicates=1, trials={}
    )
    (folder / "plan.json").write_text(plan.model_dump_json())
    (folder / "../../environments/key.json").write_text("{}")
    change_line(folder, 1, make_record("t0", environment="key").model_dump_json())
    (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    (study,) = read_results([folder]).studies
    assert len(study.records) == 4
    assert study.plan == plan
    assert study.problems == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Unix")
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device"])
@pytest.mark.parametrize(
    "name", ["other/records.jsonl", "plan.json", "../../environments/key.json"]
)
def test_only_regular_files_are_opened(folder, make_record, name, kind):
    (folder / "other").mkdir()
    change_line(folder, 1, make_record("t0", environment="key").model_dump_json())
    if kind == "pipe":
        os.mkfifo(folder / name)
    elif kind == "device":
        (folder / name).symlink_to("/dev/zero")
    else:
        os.mkfifo(folder / "pipe")
        (folder / name).symlink_to(folder / "pipe")
    result = read_results([folder])
    assert len(result.records) == 4
    told = [problem for problem in result.problems if "it is not a regular file" in problem]
    assert [Path(name).name in problem for problem in told] == [True]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Unix")
def test_a_pipe_named_as_records_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "records.jsonl")
    with pytest.raises(ResultsError, match="it is not a regular file"):
        read_results([tmp_path / "records.jsonl"])
    with pytest.raises(ResultsError, match="it is not a regular file"):
        read_records(tmp_path / "records.jsonl")


def test_a_folder_called_like_the_records_is_looked_into(tmp_path, make_record):
    with Store(tmp_path, "records.jsonl", "torch") as store:
        store.append(make_record("t1"))
    result = read_results([tmp_path])
    assert ([record.trial for record in result.records], result.problems) == (["t1"], ())


@contextmanager
def as_nobody():
    """The rights of a user who owns nothing, where the tests run as one who may do all."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)


def test_records_that_are_a_link_to_themselves_are_a_problem(tmp_path, folder):
    loop = tmp_path / "loop" / "records.jsonl"
    loop.parent.mkdir()
    loop.symlink_to(loop)
    result = read_results([tmp_path])
    assert len(result.records) == 4
    assert "too many levels of symbolic links" in result.problems[0]


@needs_root
@pytest.mark.parametrize("closed", ["b/torch", "b", "b/torch/records.jsonl"])
def test_what_may_not_be_read_is_told_and_the_rest_is_compared(make_record, closed):
    with tempfile.TemporaryDirectory() as made:
        results = Path(made)
        for recipe in "ab":
            with Store(results, recipe, "torch") as store:
                store.append(make_record(recipe))
        results.chmod(0o755)
        (results / closed).chmod(0o000)
        with as_nobody():
            result = read_results([results])
    assert [record.trial for record in result.records] == ["a"]
    (problem,) = result.problems
    assert closed in problem
    assert "permission denied" in problem


@needs_root
def test_a_path_that_may_not_be_entered_is_named():
    with (
        tempfile.TemporaryDirectory() as made,
        as_nobody(),
        pytest.raises(ResultsError, match="can't be read: permission denied"),
    ):
        read_results([Path(made, "results")])


def test_a_path_that_is_too_long_is_named():
    with pytest.raises(ResultsError, match="can't be read: file name too long"):
        read_results([Path("x" * 300)])
