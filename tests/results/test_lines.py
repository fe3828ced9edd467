"""Records read many at a time are those that are read each by itself."""

import json

import pytest
from pydantic import ValidationError

from cnnbench.results.lines import RecordLines
from cnnbench.results.read import read_records, read_statuses
from cnnbench.results.record import Record, Samples, Status

SETTINGS = {"training": {"epochs": 3, "schedule": {"kind": "plateau", "minimum": 0.1}}}
TODAY = {"training": {"epochs": 3, "schedule": {"kind": "plateau", "min_lr": 0.1}}}


def line(trial="a", **changes):
    record = {
        "trial": trial,
        "recipe": "r",
        "variant": "v",
        "replicate": 0,
        "backend": "torch",
        "status": "ok",
        "samples": None,
        "pretrained": None,
        "settings": SETTINGS,
        "environment": "e",
    }
    return json.dumps(record | changes, separators=(",", ":")).encode() + b"\n"


def samples(test=10):
    return Samples(source="s", digest="d", train=1, validation=1, test=test, classes=("x", "y"))


def tried(trial):
    return {"trial": trial, "settings": SETTINGS, "value": 0.5}


def before_pretrained(text):
    """As records were before bases: samples stood before the metrics."""
    return text.replace(b'"pretrained":null', b'"metrics":{}')


def read(*lines):
    reader = RecordLines()
    return [reader.record(each) for each in lines]


def test_each_is_what_it_is_by_itself():
    lines = [
        line("a"),
        line("b"),
        line("c", settings={"training": {"epochs": 4}}),
        line("d", reason='quotes ","settings":{} and "},"environment":" inside'),
        line("e", samples=samples().model_dump(mode="json")),
        line("f", samples=samples().model_dump(mode="json")),
        line("g", samples=samples(11).model_dump(mode="json")),
        line("h", samples=None),
        line("i", settings={}),
        line("j", later={"settings": {"own": 1}, "environment": "x"}),
        line("k", later={"settings": SETTINGS, "environment": "x"}),
        line("l", later={"samples": samples().model_dump(mode="json"), "pretrained": {}}),
        line("m", samples=samples(11).model_dump(mode="json"), settings={}),
        line("n", tuning={"metric": "accuracy", "chosen": 0, "candidates": [tried("o")]}),
        before_pretrained(line("p", samples=samples(12).model_dump(mode="json"))),
        before_pretrained(line("q", samples=samples(12).model_dump(mode="json"))),
        line("r"),
    ]
    assert read(*lines) == [Record.model_validate_json(each) for each in lines]


def test_names_of_before_are_those_of_today_in_every_record():
    assert [record.settings for record in read(line("a"), line("b"))] == [TODAY, TODAY]


def test_what_they_have_in_common_is_kept_once():
    given = samples().model_dump(mode="json")
    for change in (bytes, before_pretrained):
        first, second = read(*(change(line(trial, samples=given)) for trial in "ab"))
        assert first.settings is second.settings
        assert first.samples is second.samples


def test_samples_are_kept_once_where_settings_are_new():
    given = samples().model_dump(mode="json")
    first, second = read(line("a", samples=given), line("b", samples=given, settings={"x": 1}))
    assert first.samples is second.samples
    assert second.settings == {"x": 1}


def test_a_record_that_is_dumped_again_has_its_settings():
    again = read(line("a"), line("b"))[1].model_dump_json()
    assert json.loads(again)["settings"] == TODAY


@pytest.mark.parametrize(
    "damage",
    [lambda x: x[:-9], lambda x: x.replace(b'"ok"', b'"no"'), lambda _: b"{}", lambda _: b""],
)
def test_damage_is_seen_where_the_settings_are_known(damage):
    reader = RecordLines()
    reader.record(line("a"))
    with pytest.raises(ValidationError):
        reader.record(damage(line("b")))


def test_statuses_are_those_of_the_newest_records(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_bytes(line("a", status="failed") + line("b") + line("a") + line("c")[:40] + b"\n")
    records, problems = read_records(path)
    statuses = {record.trial: record.status for record in records}
    assert read_statuses(path) == (statuses, problems)
    assert statuses == {"a": Status.OK, "b": Status.OK}
    assert len(problems) == 1
