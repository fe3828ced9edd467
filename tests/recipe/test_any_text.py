"""Whatever a file or the command line says, it is a recipe or a list of problems, never a crash."""

import tomllib
from contextlib import suppress

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from cnnbench.errors import RecipeError
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.file import SECTIONS, STRUCTURE, Header, VariantEntry, fields_of
from cnnbench.recipe.load import load_recipe
from cnnbench.recipe.setting import dotted
from cnnbench.recipe.spec import Recipe

pytestmark = pytest.mark.fuzz

KEYS = [dotted(key) for key, _ in fields_of(Configuration)]
PARTS = sorted({part for key in KEYS for part in key.split(".")})
HEADERS = ["", *SECTIONS, "matrix", "training.schedule", "training.early_stopping", "netwrok"]

SCALARS = """0 1 3 -1 0.5 nan -inf 1e99 true "" "same" "a-b" "tens" "photos:x" "photos:empty"
"none" "layers" "[1]" 1979-05-27 07:32:00 999999999999999999999999999999 '[' "\\u0000" {} []"""
LAYERS = """{ type = "conv", filters = 3 }
{ type = "conv", filters = 3, kernel = [1, "a"] }
{ type = "conv" }
{ type = "dense", units = 0 }
{ type = "flatten" }
{ type = 3 }"""

scalars = st.sampled_from(SCALARS.split())
layers = st.sampled_from(LAYERS.splitlines())
lists = st.lists(scalars | layers, max_size=3).map(lambda items: f"[{', '.join(items)}]")
tables = st.tuples(st.sampled_from(PARTS), scalars).map(lambda x: f"{{ {x[0]} = {x[1]} }}")
values = scalars | lists | tables | st.lists(tables, max_size=2).map(lambda x: f"[{', '.join(x)}]")
keys = st.sampled_from(
    [*KEYS, *PARTS, *Header.model_fields, *VariantEntry.model_fields, *STRUCTURE, "typo", '"a.b"']
)
assignments = st.tuples(keys, values).map(" = ".join)
headers = st.sampled_from(
    [f"[{name}]" for name in HEADERS if name]
    + ["[[variant]]", "[variant.network]", "[[variant.network.layers]]", "[[network]]", "[variant]"]
    + ['[data]\nsource = "tens"', '[[variant]]\nname = "a"', '[[variant]]\nname = "b"']
)
statements = st.lists(assignments | headers, max_size=14)
overrides = st.lists(
    st.tuples(
        keys | st.sampled_from(["matrix.network.kernel", "", "a..b"]), values | st.text()
    ).map("=".join),
    max_size=2,
)


@given(statements, overrides, st.sampled_from([None, "photos:y", "tens", "typo", ""]))
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_text_is_a_recipe_or_a_list_of_problems(tmp_path, sources, lines, changes, data):
    path = tmp_path / "any.toml"
    path.write_text(valid_toml(lines))
    try:
        recipe = load_recipe(path, overrides=changes, data=data, find_source=sources)
    except RecipeError as error:
        problems = error.problems
    else:
        assert isinstance(recipe, Recipe)
        assert recipe.baseline in {variant.name for variant in recipe.variants}
        return
    assert problems
    assert all(problem.message and problem.file for problem in problems)


def valid_toml(lines):
    """The lines that make a document, without those that break it."""
    text = ""
    for line in lines:
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads(text + line)
            text += f"{line}\n"
    return text
