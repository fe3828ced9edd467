"""docs/recipes.md says what the models say.

To write its tables anew: CNNBENCH_UPDATE=1 pytest tests/recipe/test_docs.py
"""

import json
import os
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from cnnbench.errors import RecipeError
from cnnbench.loading.manager import load_plugins
from cnnbench.network.layers import Layer
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.file import (
    SECTIONS,
    STRUCTURE,
    Header,
    default_of,
    fields_of,
    keys_of,
    layer_models,
    submodel,
)
from cnnbench.recipe.load import load_recipe
from cnnbench.recipe.schema import recipe_schema
from cnnbench.recipe.setting import dotted
from cnnbench.recipe.words import expected_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "recipes.md"
PART = re.compile(r"(?<=<!-- begin )(\w+)( -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
MISTAKES = """\
title = "Does dropout help?"
baseline = "plane"

[data]
source = "mnist5k"
train = 3000

[network]
dropuot = 0.5
padding = "valld"

[training]
epochs = "three"

[[variant]]
name = "plain"

[[variant]]
name = "wide"
network.dense = 128
"""


def row(*cells):
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


def key_table(fields):
    made = row("key", "values", "default", "meaning") + "|---|---|---|---|\n"
    for key, field in fields:
        default = default_of(field)
        shown = "" if default is None else f"`{json.dumps(default)}`"
        made += row(f"`{dotted(key)}`", expected_of(field), shown, field.description)
    return made


def layer_table():
    made = row("type", "keys (with defaults)") + "|---|---|\n"
    for name, model in layer_models(
        Configuration.model_fields["network"].annotation.model_fields["layers"]
    ).items():
        keys = [
            f"`{key}`"
            if field.is_required() or field.default is None
            else f"`{key} = {json.dumps(default_of(field))}`"
            for key in keys_of(model)
            for field in [model.model_fields[key]]
            if key not in Layer.model_fields
        ]
        made += row(f"`{name}`", ", ".join(keys))
    return made


def mistakes(folder):
    path = folder / "study.toml"
    path.write_text(MISTAKES)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, overrides=["training.epochz=3"], find_source=load_plugins().source)
    return f"```toml\n{MISTAKES}```\n\n```text\n{caught.value}\n```\n".replace(f"{folder}/", "")


def expected_parts(folder):
    yield "top", key_table(fields_of(Header))
    for section in SECTIONS:
        model = submodel(Configuration.model_fields[section])
        yield section, key_table(fields_of(model))
    yield "layers", layer_table()
    yield "mistakes", mistakes(folder)


def test_tables_and_messages_are_those_of_the_program(tmp_path):
    parts = dict(expected_parts(tmp_path))
    text = PAGE.read_text()
    made = PART.sub(lambda match: f"{match[1]}{match[2]}{parts[match[1]]}", text)
    if os.environ.get("CNNBENCH_UPDATE"):
        PAGE.write_text(made)
    assert PART.search(text)
    assert set(parts) == {match[1] for match in PART.finditer(text)}
    assert made == text, "write it anew: CNNBENCH_UPDATE=1 pytest tests/recipe/test_docs.py"


def test_what_stands_beside_the_sections_is_explained():
    text = PAGE.read_text()
    assert all(name in text for name in STRUCTURE)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_a_recipe_that_loads(number, tmp_path):
    text = EXAMPLES[number]
    if text == MISTAKES:
        return
    jsonschema.validate(tomllib.loads(text), recipe_schema())
    (tmp_path / "recipes").symlink_to(DOCS.parent / "recipes")  # what the page is beside of
    path = tmp_path / "docs" / "example.toml"
    path.parent.mkdir()
    path.write_text(text)
    load_recipe(path, find_source=load_plugins().source)


def test_every_recipe_that_ships_stands_in_the_list():
    listed = re.findall(r"^\| `recipes/(\w+)\.toml` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(path.stem for path in (DOCS.parent / "recipes").glob("*.toml"))
