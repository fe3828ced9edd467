import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnnbench.cli.completion import (
    complete_backend,
    complete_recipe,
    complete_source,
    complete_variant,
)
from cnnbench.recipe.shipped import shipped_recipes


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "recipes").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "venv").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "broken.toml").write_text("[data\n")
    (tmp_path / "mine.toml").write_text('extends = "recipes/a.toml"\n')
    for place in ("recipes/a.toml", "recipes/b.toml", ".hidden/c.toml", "venv/d.toml"):
        text = '[data]\nsource = "digits"\n[[variant]]\nname = "one"\n[[variant]]\nname = "other"\n'
        (tmp_path / place).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def variants(recipe, incomplete=""):
    return complete_variant(SimpleNamespace(params={"recipe": recipe}, args=[]), incomplete)


def test_recipes_in_the_folder_and_below_are_offered_and_no_other_toml_files(folder):
    files = ["mine.toml", "recipes/a.toml", "recipes/b.toml"]
    assert complete_recipe("") == [*files, *shipped_recipes()]
    assert complete_recipe("sm") == [name for name in shipped_recipes() if name.startswith("sm")]
    assert complete_recipe("rec") == ["recipes/a.toml", "recipes/b.toml"]
    assert complete_recipe("recipes/b") == ["recipes/b.toml"]
    assert complete_recipe("./m") == ["./mine.toml"]
    assert complete_recipe(f"{folder}/m") == [f"{folder}/mine.toml"]
    assert complete_recipe("nowhere/") == []


def test_variants_of_the_recipe_on_the_line_are_offered(folder):
    assert variants("recipes/a.toml") == ["one", "other"]
    assert variants("mine.toml", "ot") == ["other"]


def test_the_shell_offers_variants_while_the_option_lacks_its_value(folder):
    words = "cnnbench describe recipes/a.toml --variant "
    shell = {"_CNNBENCH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "4"}
    program = Path(sys.executable).with_name("cnnbench")
    done = subprocess.run(
        [program], env={**os.environ, **shell}, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["one", "other"]


def test_variants_are_offered_while_the_line_is_not_parsed_yet(folder):
    context = SimpleNamespace(params={}, args=["describe", "recipes/a.toml", "--variant"])
    assert complete_variant(context, "") == ["one", "other"]


def test_nothing_is_offered_where_there_is_no_recipe_to_read(folder):
    assert variants("broken.toml") == variants("missing.toml") == variants(None) == []


def test_installed_backends_are_offered_with_their_titles():
    assert dict(complete_backend("tor"))["torch"]
    assert complete_backend("no such") == []


@pytest.mark.slow
def test_completion_imports_no_framework_and_no_pandas():
    code = """
import sys
from cnnbench.cli.completion import complete_backend, complete_recipe
from cnnbench.recipe.shipped import shipped_recipes
assert complete_backend("torch"), complete_recipe("")
heavy = {"keras", "torch", "tensorflow", "jax", "pandas", "scipy", "sklearn", "cv2"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_folders_and_files_that_sources_read_are_offered(folder):
    (folder / "photos").mkdir()
    for name in ("photos.zip", "photos.csv", "photos.txt", "photos.npz"):
        (folder / name).touch()
    assert complete_source("ph") == ["photos/", "photos.csv", "photos.npz", "photos.zip"]
    assert complete_source("cs") == ["csv"]
