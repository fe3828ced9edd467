from __future__ import annotations

import tomllib

import pytest

from cnnbench.errors import PluginError
from cnnbench.plugin.scaffold import write_plugin


def test_a_new_plugin_is_a_distribution_with_its_entry_point(tmp_path):
    folder = write_plugin("My.sketch", tmp_path)
    assert folder == tmp_path / "cnnbench-my-sketch"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "cnnbench-my-sketch"
    assert project["entry-points"]["cnnbench"] == {"my-sketch": "cnnbench_my_sketch"}
    files = {str(x.relative_to(folder)) for x in folder.rglob("*") if x.is_file()}
    assert files == {
        "README.md",
        "pyproject.toml",
        "cnnbench_my_sketch/__init__.py",
        "cnnbench_my_sketch/_backend.py",
        "cnnbench_my_sketch/py.typed",
        "tests/test_conformance.py",
    }


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("sketch", "cnnbench-sketch"),
        ("cnnbench-sketch", "cnnbench-sketch"),
        ("cnnbench_sketch", "cnnbench-sketch"),
        ("A__b", "cnnbench-a-b"),
        ("3d", "cnnbench-3d"),
        ("class", "cnnbench-class"),
        ("backend", "cnnbench-backend"),
    ],
)
def test_names_are_normalised_and_the_code_compiles(tmp_path, name, distribution):
    folder = write_plugin(name, tmp_path)
    assert folder.name == distribution
    for path in folder.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")


@pytest.mark.parametrize("name", ["", "-x", "x-", "a b", "../x", "a/b", "é", "x\n"])
def test_a_name_that_no_distribution_can_have_is_refused(tmp_path, name):
    with pytest.raises(PluginError, match="can't name a plugin"):
        write_plugin(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_taken_is_refused(tmp_path):
    with pytest.raises(PluginError, match="there is a backend 'torch' already"):
        write_plugin("torch", tmp_path, taken={"torch": object()})


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "cnnbench-sketch").mkdir()
    (tmp_path / "cnnbench-sketch" / "README.md").write_text("mine")
    with pytest.raises(PluginError, match="exists and is left as it is"):
        write_plugin("sketch", tmp_path)
    assert [x.name for x in (tmp_path / "cnnbench-sketch").iterdir()] == ["README.md"]
    assert (tmp_path / "cnnbench-sketch" / "README.md").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PluginError, match=r"can't write .*: Not a directory"):
        write_plugin("sketch", tmp_path / "file" / "below")


def test_the_new_code_is_well_formed(workshop):
    workshop.run("cnnbench new plugin sketch")
    workshop.run("ruff check --isolated --select E,F,I,B,UP,SIM,RUF,N cnnbench-sketch")
    workshop.run("ruff format --isolated --check cnnbench-sketch")
    workshop.run("mypy --strict cnnbench-sketch/cnnbench_sketch")


def test_a_new_plugin_installs_is_found_and_says_what_remains(workshop):
    assert "Wrote cnnbench-sketch" in workshop.run("cnnbench new plugin sketch")
    workshop.run("python -m pip install -e cnnbench-sketch")
    listing = workshop.run("cnnbench plugins")
    (_, line) = listing[listing.index("cnnbench-sketch 0.1.0\n") :].splitlines()[:2]
    assert line.split()[:3] == ["backend", "sketch", "yes"]

    tests = workshop.run("python -m pytest cnnbench-sketch")
    assert "failed" not in tests
    assert "passed" in tests
    for remains in ("layer conv", "layer pool", "layer batch_norm", "layer dropout"):
        assert remains in tests
    for remains in ("activation gelu", "optimizer adam"):
        assert remains in tests
