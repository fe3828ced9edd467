import os
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
        "recipes/minst.toml: there is no such file; did you mean 'recipes/mnist.toml'?"
    )
    assert problem("recipes/mnist") == (
        "recipes/mnist: there is no such file; did you mean 'recipes/mnist.toml'?"
    )
    assert problem("recipes/other.toml") == "recipes/other.toml: there is no such file"
    assert problem("recipe/mnist.toml") == (
        "recipe/mnist.toml: there is no such file, nor a folder recipe"
    )


def test_a_folder_is_no_recipe(write):
    write("", "recipes/mnist.toml")
    assert problem("recipes") == "recipes: is a folder, not a recipe file"


def test_a_file_of_other_bytes_than_utf8_is_told(write, tmp_path):
    write("")
    (tmp_path / "study.toml").write_bytes('title = "größer"'.encode("latin-1"))
    assert problem("study.toml") == (
        "study.toml: is not text in UTF-8 (byte 11): save it with that encoding"
    )


def test_bytes_of_the_command_line_that_are_no_text_are_told(problems):
    (found,) = problems('[data]\nsource = "tens"\n', "title=\udcff")
    assert "title: got '\\udcff', which is not text in UTF-8" in found


@pytest.mark.slow
def test_loading_a_recipe_imports_nothing_heavy():
    code = """
import sys
from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.recipe.load import load_recipe

sources = {source.name: source for source in BUILTIN_SOURCES}
load_recipe("recipes/small_data.toml", find_source=sources.__getitem__)
heavy = {"cv2", "jax", "keras", "pandas", "PIL", "rich", "scipy", "sklearn", "tensorflow", "torch"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "link"])
def test_a_device_or_pipe_is_no_recipe_and_not_read(write, problems, tmp_path, name):
    write("")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    assert problem(name) == f"{name}: is a pipe or a device, not a recipe file"
    (found,) = problems(f'extends = "{name}"\n')
    assert found == f"{name}: is a pipe or a device, not a recipe file"


def test_a_file_too_large_for_a_recipe_is_not_read(write, tmp_path):
    write("")
    with (tmp_path / "study.toml").open("wb") as file:
        file.truncate(2**31)
    assert problem("study.toml") == (
        "study.toml: has 2,147,483,648 bytes; no recipe has more than 1,048,576"
    )


def test_a_path_that_no_file_can_have_is_told():
    assert problem("a\0b.toml").endswith("can't be the name of a file")


def test_a_folder_that_is_gone_is_told(write, tmp_path, monkeypatch):
    write("")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert problem("study.toml") == (
        "study.toml: the current folder does not exist any more: change to another"
    )


@pytest.mark.parametrize("name", ["..toml", "...toml", "....toml", " .toml", "a\nb.toml"])
def test_a_recipe_is_not_called_what_no_folder_of_results_can_be(write, name):
    write('[data]\nsource = "tens"\n', name)
    assert "can't be the name of a folder, as results need: rename the file" in problem(name)
