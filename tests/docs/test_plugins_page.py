"""docs/plugins.md describes every hook, and its examples are a plugin that works."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

import cnnbench.testing
from cnnbench.plugin import hooks

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
TEXT = PAGE.read_text(encoding="utf-8")
HOOKS = [name for name in vars(hooks) if name.startswith("cnnbench_")]


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_arguments(name):
    arguments = ", ".join(inspect.signature(getattr(hooks, name)).parameters)
    assert f"\n### `{name}({arguments})`\n" in TEXT


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_typed_and_has_a_docstring(name):
    hook = getattr(hooks, name)
    assert inspect.getdoc(hook)
    annotated = set(inspect.signature(hook).parameters) | {"return"}
    assert set(hook.__annotations__) == annotated


def test_no_hook_is_documented_that_does_not_exist():
    assert set(re.findall(r"^### `(cnnbench_\w+)\(", TEXT, flags=re.MULTILINE)) == set(HOOKS)


def table_of_kinds():
    rows = re.findall(r"^\| [^|]*\| `(cnnbench_\w+)` \| ([\d.]+) \|.*\|(.*)\|$", TEXT, re.MULTILINE)
    return {hook: (since, tested) for hook, since, tested in rows}


def test_the_table_of_kinds_has_every_hook_since_a_version_that_there_is():
    assert list(table_of_kinds()) == HOOKS
    for since, _ in table_of_kinds().values():
        assert tuple(map(int, since.split("."))) <= hooks.INTERFACE


def test_what_the_table_says_tests_a_plugin_is_there_for_plugins():
    named = re.findall(r"`(\w+)`", " ".join(tested for _, tested in table_of_kinds().values()))
    assert set(named) <= set(cnnbench.testing.__all__)
    assert {"BackendSuite", "ExecutorSuite"} <= set(named)


def test_the_table_of_what_must_hold_of_executors_is_that_of_the_suite():
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|$", TEXT, flags=re.MULTILINE)
    assert rows == [(check.name, check.about) for check in cnnbench.testing.EXECUTOR_CHECKS]


RECIPE = """
replicates = 2
[data]
source = "stripes:60"
[network]
filters = [2]
dense = []
[training]
epochs = 2
optimizer = "sgd"
"""


@pytest.fixture(scope="module")
def example(shared_workshop):
    """An environment in which the examples are installed."""
    folder = shared_workshop.folder / "cnnbench_example"
    folder.mkdir()
    (pyproject,) = re.findall(r"^```toml\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    (shared_workshop.folder / "pyproject.toml").write_text(pyproject)
    code = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    (folder / "__init__.py").write_text("\n\n".join(code))
    shared_workshop.run("python -m pip install .")
    return shared_workshop


@pytest.mark.slow
def test_the_executor_of_the_examples_passes_its_suite(example):
    (suite,) = re.findall(r"^```py\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    (example.folder / "tests").mkdir()
    (example.folder / "tests" / "test_executor.py").write_text(suite)
    assert "17 passed" in example.run("python -m pytest -q -p no:cacheprovider tests")


@pytest.mark.slow
def test_the_examples_together_are_a_plugin_that_works(example, scripted_path):
    listing = example.run("cnnbench plugins")
    ours = listing.split("cnnbench-example 0.1.0\n")[1].split("\ncnnbench")[0]
    for thing in (
        "source stripes:COUNT yes",
        "executor fresh yes",
        "report format tally yes",
        "tracker example yes",
    ):
        assert thing in " ".join(ours.split())
    assert "base edges no" in " ".join(ours.split())
    assert "edges: fetch-edges" in listing
    assert "Broken" not in listing

    (example.folder / "tiny.toml").write_text(RECIPE)
    example.run("cnnbench run tiny.toml --backend scripted --executor fresh")
    example.run("cnnbench run tiny.toml --backend scripted --jobs 1 --force")
    assert example.run("cnnbench compare results --format tally") == "1 tables\n"
    notes = [json.loads(line) for line in (example.folder / "track.jsonl").open()]
    statuses = [note["status"] for note in notes if "status" in note]
    assert statuses == ["ok"] * 4
    assert sum("epoch" in note for note in notes) == 8
