"""Keys have Keras's names where Keras has one; those of before are told, and read in records."""

import json
from pathlib import Path

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.errors import RecipeError
from cnnbench.recipe.renamed import RENAMED, in_todays_words
from cnnbench.recipe.setting import dotted
from cnnbench.recipe.spec import Configuration
from cnnbench.results.read import read_results
from cnnbench.results.record import Record

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
KEYS = [(dotted(key), new) for key, new in RENAMED.items()]
TENS = '[data]\nsource = "tens"\n'


@pytest.mark.parametrize(("old", "new"), KEYS)
def test_a_key_of_before_is_told_what_it_is_called_now_wherever_it_stands(load, old, new):
    section, _, name = old.rpartition(".")
    told = f"{old}: {name} is now {new}"
    for text, place in [
        (f"{TENS}[{section}]\n{name} = 1\n", "study.toml:4: "),
        (f'{TENS}[matrix]\n"{old}" = [1, 2]\n', "study.toml:4: "),
        (f'{TENS}[[variant]]\nname = "a"\n{old} = 1\n', "study.toml:5: "),
    ]:
        with pytest.raises(RecipeError) as error:
            load(text)
        assert str(error.value).replace("variant 'a': ", "") == place + told
    with pytest.raises(RecipeError) as error:
        load(TENS, f"{old}=1")
    assert str(error.value) == f"--set {old}=1: {told}"


def test_in_another_section_it_is_told_where_it_stands_now(load):
    with pytest.raises(RecipeError, match=r"did you mean 'training\.early_stopping\.min_delta'\? "):
        load(f"{TENS}[training]\nmin_change = 1\n")


@pytest.mark.parametrize(("old", "new"), KEYS)
def test_the_name_of_today_is_one_and_that_of_before_is_none(load, old, new):
    keys = Configuration.model_json_schema()["$defs"]
    table = {"schedule": "Schedule", "early_stopping": "EarlyStopping"}[old.split(".")[1]]
    assert new in keys[table]["properties"]
    assert old.rpartition(".")[2] not in keys[table]["properties"]


def test_a_record_of_before_is_read_with_the_names_of_today():
    stopping = {"patience": 2, "min_change": 0.5, "restore_best": False}
    settings = {"training": {"early_stopping": stopping}, "network": {"minimum": 3}}
    line = {
        "trial": "t",
        "recipe": "r",
        "variant": "v",
        "replicate": 0,
        "backend": "b",
        "status": "ok",
    }
    record = Record.model_validate_json(json.dumps(line | {"settings": settings}))
    now = {"patience": 2, "min_delta": 0.5, "restore_best_weights": False}
    assert record.settings == {"training": {"early_stopping": now}, "network": {"minimum": 3}}
    assert in_todays_words(record.settings) == record.settings


def test_the_settings_of_the_reference_records_are_configurations_of_today():
    records = read_results([REFERENCE]).records
    assert {record.recipe for record in records} >= {"mnist", "small_data", "smoke"}
    assert "min_change" in (REFERENCE / "regularization" / "torch" / "records.jsonl").read_text()
    for record in records:
        Configuration.model_validate_json(json.dumps(record.settings))


def test_records_of_before_and_of_today_have_the_same_settings(tmp_path):
    """As where a recipe is run on a second backend, or on, since its keys got Keras's names."""
    name = Path("regularization") / "torch" / "records.jsonl"
    old = (REFERENCE / name).read_text()
    assert "min_change" in old
    new = old.replace('"torch"', '"jax"').replace('"min_change"', '"min_delta"')
    new = new.replace('"restore_best"', '"restore_best_weights"').replace('"minimum"', '"min_lr"')
    for backend, text in (("torch", old), ("jax", new)):
        file = tmp_path / "regularization" / backend / "records.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    (table,) = compare_records([tmp_path], by="backend").tables
    assert all(row.difference is not None for row in table.rows[1::2])
    assert not [note for note in table.notes if "settings" in note]
