"""Two runs of one study, and names that are no words to a terminal."""

import json

import pytest

from cnnbench.execution.run import run_prepared
from cnnbench.installed import installed_plugins
from cnnbench.planning.prepare import RunOptions, prepare
from cnnbench.plugin import Remark, TrialEnded, TrialsAdded

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]


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


def test_a_study_until_settled_tells_each_look_and_what_it_adds(recipe, tmp_path):
    path = recipe()
    path.write_text(path.read_text().replace("replicates = 2", "replicates.to = 8"))
    plugins, heard = installed_plugins(), []
    options = RunOptions(tmp_path / "results", executor="inline")
    prepared = prepare(path, ["scripted"], plugins, options)
    trained = run_prepared(prepared, plugins, options, heard.append).trained
    ended = [event.trial for event in heard if isinstance(event, TrialEnded)]
    added = [trial for event in heard if isinstance(event, TrialsAdded) for trial in event.trials]
    said = [event.text for event in heard if isinstance(event, Remark)]
    assert trained == len(ended) == 10 + len(added)
    assert [text for text in said if text.startswith("look after 5 replicates: ")]
    assert len(added) == (6 if any("1 variant goes on to 8" in text for text in said) else 0)
    assert run_prepared(prepared, plugins, options, heard.append).trained == 0
