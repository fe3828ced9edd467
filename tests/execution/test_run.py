"""Two runs of one study, and names that are no words to a terminal."""

import json

import pytest

from cnnbench.execution.run import run_prepared
from cnnbench.installed import installed_plugins
from cnnbench.planning.prepare import RunOptions, prepare

pytestmark = pytest.mark.usefixtures("scripted_path")


@pytest.mark.parametrize(("force", "lines"), [(False, 4), (True, 8)])
def test_what_another_run_recorded_meanwhile_is_not_run_again(recipe, tmp_path, force, lines):
    plugins, path = installed_plugins(), recipe()
    first = RunOptions(tmp_path / "results")
    second = RunOptions(tmp_path / "results", force=force)
    early = prepare(path, ["scripted"], plugins, first)
    late = prepare(path, ["scripted"], plugins, second)
    assert len(late.missing) == 4
    run_prepared(early, plugins, first, lambda _: None)
    run_prepared(late, plugins, second, lambda _: None)
    records = tmp_path / "results" / "tiny" / "scripted" / "records.jsonl"
    assert len(records.read_text().splitlines()) == lines
    assert {json.loads(line)["status"] for line in records.read_text().splitlines()} == {"ok"}
