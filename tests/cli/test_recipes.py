import pytest
from typer.testing import CliRunner

from cnnbench.cli.app import app
from cnnbench.errors import CnnbenchError
from cnnbench.recipe.shipped import recipe_text, shipped_recipes


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*arguments):
    return CliRunner().invoke(app, ["recipes", *arguments], catch_exceptions=True)


def test_every_recipe_is_listed_with_its_question():
    lines = invoke().output.splitlines()
    named = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert named[: len(shipped_recipes())] == [*shipped_recipes()]
    assert "Does everything work here?" in next(x for x in lines if x.startswith("smoke "))


def test_one_is_printed_as_it_is_to_be_edited():
    assert invoke("smoke").output == recipe_text("smoke")


def test_a_copy_is_written_and_never_over_a_file(folder):
    assert "cnnbench run smoke.toml" in invoke("smoke", "--copy").output
    assert (folder / "smoke.toml").read_text() == recipe_text("smoke")
    (folder / "smoke.toml").write_text("mine")
    again = invoke("smoke", "--copy")
    assert isinstance(again.exception, CnnbenchError)
    assert "there is a file smoke.toml already" in str(again.exception)
    assert (folder / "smoke.toml").read_text() == "mine"


def test_what_to_copy_must_be_said():
    assert "cnnbench recipes NAME --copy" in str(invoke("--copy").exception)
