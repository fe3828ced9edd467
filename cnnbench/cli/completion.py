"""What the shell offers after Tab: quick, and silent where it can't help."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import typer

DEPTH = 3
"""How many folders deep recipes are looked for."""
SKIPPED = frozenset({"build", "dist", "node_modules", "results", "site-packages", "venv"})
"""Folders that hold no recipes but may hold many files; those with a dot are skipped too."""


def complete_recipe(incomplete: str) -> list[str]:
    """Recipes in the current folder and below, and those that come with cnnbench.

    Once a folder is typed, those in it and below alone.
    """
    folder = os.path.dirname(incomplete)  # noqa: PTH120 - keeps the text as it was typed
    found = sorted(name for name in _recipes(folder) if name.startswith(incomplete))
    return found if folder else [*found, *complete_shipped(incomplete)]


def complete_shipped(incomplete: str) -> list[str]:
    """Names of recipes that come with cnnbench."""
    from cnnbench.recipe.shipped import shipped_recipes

    return [name for name in shipped_recipes() if name.startswith(incomplete)]


def complete_network(incomplete: str) -> list[str]:
    """Recipes, and published networks."""
    from cnnbench.network.bases import BASES

    bases = [f"base:{name}" for name in BASES]
    return [*complete_recipe(incomplete), *(x for x in bases if x.startswith(incomplete))]


def complete_variant(context: typer.Context, incomplete: str) -> list[str]:
    """Variants of the recipe that is already on the line."""
    from cnnbench.recipe.compose import compose
    from cnnbench.recipe.document import Unreadable, read_chain
    from cnnbench.recipe.shipped import recipe_file

    # While the option lacks its value, the line is not parsed yet: it stands in the arguments.
    params = context.params
    typed = params.get("recipes") or params.get("recipe") or _likely_recipes(context.args)
    names: dict[str, None] = {}
    for recipe in typed if isinstance(typed, list | tuple) else [typed]:
        try:
            draft, _ = compose(read_chain(recipe_file(str(recipe))), {})
        except Unreadable:
            continue
        names |= dict.fromkeys(entry.name for entry in draft.entries)
    return [name for name in names if name.startswith(incomplete)]


def _likely_recipes(words: list[str]) -> list[str]:
    from cnnbench.recipe.shipped import shipped_recipes

    shipped = shipped_recipes()
    return [word for word in words if word.endswith(".toml") or word in shipped]


def complete_backend(incomplete: str) -> list[tuple[str, str]]:
    """Backends that are installed, with their titles; no framework is imported."""
    from cnnbench.loading.manager import load_plugins

    backends = load_plugins().backends
    return [(name, x.title) for name, x in backends.items() if name.startswith(incomplete)]


def complete_key(incomplete: str) -> list[tuple[str, str]]:
    """Keys of a recipe with what they mean, up to the value, which the user knows."""
    from cnnbench.recipe.keys import recipe_keys

    return [(f"{key}=", said) for key, said in recipe_keys().items() if key.startswith(incomplete)]


def complete_source(incomplete: str) -> list[str]:
    """Sources of images that were found, and folders and files here that they read; as typed."""
    from cnnbench.loading.manager import load_plugins

    folder = os.path.dirname(incomplete)  # noqa: PTH120 - keeps the text as it was typed
    names = [name for name in load_plugins().sources if name.startswith(incomplete)]
    return [*names, *(x for x in _readable(folder) if x.startswith(incomplete))]


def _readable(folder: str) -> list[str]:
    from cnnbench.data.sources.requests import is_there

    try:
        entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
    except OSError:
        return []
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    found = [f"{entry.name}/" if entry.is_dir() else entry.name for entry in shown]
    paths = [os.path.join(folder, name) for name in found]  # noqa: PTH118 - as above
    return [path for path in paths if path.endswith("/") or is_there(path)]


def _recipes(folder: str, depth: int = DEPTH) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder or "."))
    except OSError:
        return
    for entry in entries:
        path = os.path.join(folder, entry.name)  # noqa: PTH118 - keeps the text as it was typed
        if entry.is_dir():
            if depth and entry.name not in SKIPPED and not entry.name.startswith("."):
                yield from _recipes(path, depth - 1)
        elif entry.name.endswith(".toml") and _is_recipe(entry):
            yield path


def _is_recipe(entry: os.DirEntry[str]) -> bool:
    """Other TOML files lie in projects too: a recipe has a section of its own or extends one."""
    try:
        table = tomllib.loads(Path(entry).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(table.get("data"), dict) or "extends" in table
