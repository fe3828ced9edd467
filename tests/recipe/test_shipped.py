"""Recipes by name: the user's own files first, then those that come with cnnbench."""

from pathlib import Path

import pytest

from cnnbench.errors import CnnbenchError, RecipeError
from cnnbench.installed import installed_plugins
from cnnbench.recipe.load import load_recipe
from cnnbench.recipe.shipped import recipe_file, recipe_text, shipped_recipes


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(name):
    return load_recipe(name, find_source=installed_plugins().source)


def test_a_name_is_a_recipe_that_comes_with_cnnbench():
    assert load("smoke").title == "Does everything work here?"
    assert load("smoke").name == "smoke"


def test_an_edited_copy_comes_before_the_original(folder):
    text = recipe_text("smoke").replace("Does everything work here?", "Mine")
    (folder / "smoke.toml").write_text(text)
    assert load("smoke").title == "Mine"


def test_a_file_of_exactly_that_name_comes_before_both(folder):
    (folder / "smoke.toml").touch()
    (folder / "smoke").touch()
    assert recipe_file("smoke") == "smoke"


def test_a_folder_of_images_is_no_recipe_of_its_name(folder):
    (folder / "photos").mkdir()
    assert recipe_file("photos") == str(shipped_recipes()["photos"])
    (folder / "photos.toml").touch()
    assert recipe_file("photos") == "photos.toml"
    (folder / "others").mkdir()
    with pytest.raises(RecipeError, match="others: is a folder, not a recipe file"):
        load("others")


@pytest.mark.parametrize("name", ["./smoke", "recipes/smoke", "smoke.toml", ""])
def test_a_path_is_a_path(name):
    with pytest.raises(RecipeError):
        load(name)


def test_a_recipe_extends_one_by_its_name(folder):
    (folder / "mine.toml").write_text('extends = "smoke"\nreplicates = 7\n')
    mine = load("mine.toml")
    assert mine.replicates == 7
    assert [x.name for x in mine.variants] == [x.name for x in load("smoke").variants]


def test_a_recipe_that_has_the_name_of_what_it_extends_does_not_extend_itself(folder):
    (folder / "smoke.toml").write_text('extends = "smoke"\n')
    with pytest.raises(RecipeError, match="a recipe can't extend itself"):
        load("smoke.toml")


@pytest.mark.parametrize("extended", ["smok", "smok.toml"])
def test_what_can_not_be_extended_is_told_with_the_nearest_name(folder, extended):
    (folder / "mine.toml").write_text(f'extends = "{extended}"\n')
    with pytest.raises(RecipeError, match="did you mean 'smoke'"):
        load("mine.toml")


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'small_data'"):
        load("smal_data")


def test_a_name_like_none_is_told_where_names_are_listed():
    with pytest.raises(RecipeError, match="`cnnbench recipes` lists them"):
        load("qqqq")


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_copy_is_the_recipe_and_names_nothing_that_is_not_there(folder, name):
    text = recipe_text(name)
    assert text.startswith(("title", "extends"))
    (folder / "copy.toml").write_text(text)
    if "folder:" in text or "signals:" in text:  # somebody's, which are not here
        assert Path(shipped_recipes()[name]).read_text().endswith(text)
        return
    copy, original = load("copy.toml"), load(str(shipped_recipes()[name]))
    assert [x.configuration for x in copy.variants] == [x.configuration for x in original.variants]


def test_no_text_of_an_unknown_recipe():
    with pytest.raises(CnnbenchError, match="no recipe 'smok' comes with cnnbench; did you mean"):
        recipe_text("smok")
