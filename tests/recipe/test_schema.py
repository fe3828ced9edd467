import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from cnnbench.recipe.schema import recipe_schema

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.toml"))


@pytest.fixture(scope="module")
def validator():
    schema = recipe_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def errors(validator, text):
    return list(validator.iter_errors(tomllib.loads(text)))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_names_the_schema_and_is_valid(validator, path):
    text = path.read_text()
    assert errors(validator, text) == []
    directive = text.split("\n", 1)[0].removeprefix("#:schema ")
    assert (path.parent / directive).resolve() == ROOT / "docs" / "recipe.schema.json"


def test_the_schema_in_the_documentation_is_up_to_date():
    written = json.loads((ROOT / "docs" / "recipe.schema.json").read_text())
    assert written == recipe_schema(), "run: cnnbench schema > docs/recipe.schema.json"


@pytest.mark.parametrize(
    "text",
    [
        'extends = "other.toml"\n',
        '[[variant]]\nname = "a"\nnetwork.l2 = 0.5\n[variant.training.schedule]\nkind = "cosine"',
        '[matrix]\nnetwork.padding = ["valid", "same"]\n"training.schedule.kind" = ["cosine"]\n',
        '[matrix]\ntraining.schedule = [{ kind = "cosine" }, { kind = "constant" }]\n',
        "[matrix]\ntraining.schedule.patience = [1, 2]\nnetwork.filters = [[8], [8, 16]]\n",
        "[network]\nkernel = [3, 5]\n[augmentation]\nzoom = [-0.1, 0.2]\nrotation = 0\n",
        '[[network.layers]]\ntype = "conv"\nfilters = 3\n[[network.layers]]\ntype = "flatten"\n',
        "[data]\ntrain = 0.5\nvalidation = 20\n",
        "replicates = { from = 5, to = 30 }\n",
        "replicates.from = 6\n",
    ],
)
def test_what_a_recipe_may_say_is_valid(validator, text):
    assert errors(validator, text) == []


@pytest.mark.parametrize(
    "text",
    [
        'titel = "x"\n',
        "[netwrok]\n",
        "[network]\ndropuot = 0.5\n",
        "[training.schedule]\nkimd = 'cosine'\n",
        '[[variant]]\nname = "a"\nnetwork.dropuot = 0.5\n',
        '[[variant]]\nname = "a"\nreplicates = 3\n',
        "[[variant]]\nnetwork.dropout = 0.5\n",
        '[matrix]\nnetwork.paddin = ["valid"]\n',
        '[matrix]\n"network.paddin" = ["valid"]\n',
        '[matrix]\nnetwork.padding = "valid"\n',
        "[matrix]\nnetwork.padding = []\n",
        '[matrix]\nnetwork.padding = ["sam"]\n',
        '[network]\npadding = "sam"\n',
        "[network]\ndropout = 1.0\n",
        "[network]\nkernel = [3]\n",
        "[network]\nkernel = [3, 3, 3]\n",
        "[data]\ntrain = 1.5\n",
        "[[network.layers]]\nfilters = 3\n",
        '[[network.layers]]\ntype = "conv"\nfilters = 3\nkernal = [3, 3]\n',
        "replicates = 0\n",
        "replicates = { from = 3, to = 30 }\n",
        "replicates = { from = 5, too = 30 }\n",
        "replicates = [5, 30]\n",
        "extends = 3\n",
    ],
)
def test_what_a_recipe_may_not_say_is_invalid(validator, text):
    assert errors(validator, text)


def test_every_key_is_described(validator):
    bare = [
        f"{name}.{key}"
        for name, table in validator.schema["definitions"].items()
        for key, schema in table["properties"].items()
        if name.endswith(("Spec", "Schedule", "EarlyStopping")) and "description" not in schema
        if "$ref" not in schema and "allOf" not in schema
    ]
    assert bare == []


def test_defaults_are_given():
    properties = recipe_schema()["definitions"]["NetworkSpec"]["properties"]
    assert properties["filters"]["default"] == [32, 64, 64]
    assert properties["dropout"]["default"] == 0
