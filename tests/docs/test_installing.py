"""What is told of installing, and of the container, is true of this repository."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "first_study.ipynb"
INSTALL = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
PAGES = [
    *(ROOT / "docs").rglob("*.md"),
    *ROOT.glob("plugins/*/README.md"),
    *ROOT.glob("*.md"),
    NOTEBOOK,
]
WITHOUT_A_CHECKOUT = re.compile(
    r"([\w-]+)(\[[\w,]+])? @ git\+([^#\s\"]+)(?:#subdirectory=([^\s\"]+))?"
)
COMMANDS = re.compile(r"docker (?:build|run) .*")


def project(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


HOMEPAGE = project(ROOT)["urls"]["Homepage"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_pip_gets_from_the_repository_is_there(page):
    for name, extras, address, place in WITHOUT_A_CHECKOUT.findall(page.read_text("utf-8")):
        assert address == HOMEPAGE
        if name == "NAME":  # for the reader to replace
            continue
        there = project(ROOT / place)
        assert there["name"] == name
        assert {*extras.strip("[]").split(",")} - {""} <= {*there.get("optional-dependencies", ())}


@pytest.mark.parametrize("folder", sorted(ROOT.glob("plugins/*/")), ids=lambda x: x.name)
def test_a_plugin_says_how_it_is_installed_without_a_checkout(folder):
    found = WITHOUT_A_CHECKOUT.findall((folder / "README.md").read_text(encoding="utf-8"))
    assert [place for *_, place in found] == [f"plugins/{folder.name}"]
    assert f"../../plugins/{folder.name}/README.md" in INSTALL


def test_the_notebook_installs_what_it_uses_from_the_repository():
    (cell,) = (x.source for x in nbformat.read(NOTEBOOK, 4).cells if "%pip" in x.source)
    assert f'REPOSITORY = "git+{HOMEPAGE}"\n' in cell
    (place,) = re.findall(r'^PLUGIN = f"{REPOSITORY}#subdirectory=(.*)"$', cell, re.MULTILINE)
    assert project(ROOT / place)["name"] == "cnnbench-torch-native"
    assert '"cnnbench @ {REPOSITORY}" "cnnbench-torch-native @ {PLUGIN}"' in cell


def test_the_notebook_opens_in_colab_from_the_repository():
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    colab = HOMEPAGE.replace("https://github.com", "https://colab.research.google.com/github")
    found = re.findall(r"https://colab\.research\.google\.com/[^)\s]+", pages)
    assert set(found) == {f"{colab}/blob/main/{NOTEBOOK.relative_to(ROOT)}"}


def test_the_container_is_built_of_files_that_reach_it():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    wanted = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        x for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for x in line.split()[:-1]
    ]
    assert {f"!{name}" for name in copied} == {x for x in wanted if x.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)
    installed = re.findall(r"/source/(plugins/[\w-]+)", text)
    assert installed
    assert all(project(ROOT / name)["name"] == name.partition("/")[2] for name in installed)


def test_the_container_is_run_as_the_page_says():
    head = (ROOT / "Dockerfile").read_text(encoding="utf-8").partition("FROM")[0]
    assert COMMANDS.findall(head) == COMMANDS.findall(INSTALL)
    assert len(COMMANDS.findall(head)) == 2
