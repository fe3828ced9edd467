import subprocess
import sys

import pytest

from cnnbench.errors import RecipeError
from cnnbench.recipe.load import load_recipe


def no_source(name):
    raise AssertionError("no source is asked for a recipe that can't be read")


def problem(path):
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, find_source=no_source)
    (found,) = caught.value.problems
    return str(found)


def test_a_missing_recipe_is_told_with_the_nearest_one(write):
    write("", "recipes/mnist.toml")
    assert problem("recipes/minst.toml") == (
        "recipes/minst.toml: there is no such file; did you mean recipes/mnist.toml?"
    )
    assert problem("recipes/mnist") == (
        "recipes/mnist: there is no such file; did you mean recipes/mnist.toml?"
    )
    assert problem("recipes/other.toml") == "recipes/other.toml: there is no such file"
    assert problem("recipe/mnist.toml") == (
        "recipe/mnist.toml: there is no such file, nor a folder recipe"
    )


def test_a_folder_is_no_recipe(write):
    write("", "recipes/mnist.toml")
    assert problem("recipes") == "recipes: can't be read: is a directory"


def test_a_file_of_other_bytes_than_utf8_is_told(write, tmp_path):
    write("")
    (tmp_path / "study.toml").write_bytes('title = "größer"'.encode("latin-1"))
    assert problem("study.toml") == (
        "study.toml: is not text in UTF-8 (byte 11): save it with that encoding"
    )


def test_bytes_of_the_command_line_that_are_no_text_are_told(problems):
    (found,) = problems('[data]\nsource = "tens"\n', "title=\udcff")
    assert "title: got '\\udcff', which is not text in UTF-8" in found


def test_loading_a_recipe_imports_nothing_heavy():
    code = """
import sys
from cnnbench.data.sources import BUILTIN_SOURCES
from cnnbench.recipe.load import load_recipe

sources = {source.name: source for source in BUILTIN_SOURCES}
load_recipe("recipes/small_data.toml", find_source=sources.__getitem__)
heavy = {"cv2", "jax", "keras", "pandas", "PIL", "rich", "scipy", "sklearn", "tensorflow", "torch"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
