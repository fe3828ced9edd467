"""The recipes that come with cnnbench, and what a bare name such as small_data stands for."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cnnbench.errors import CnnbenchError, did_you_mean

SUFFIX = ".toml"


def shipped_recipes() -> dict[str, Path]:
    """The files of the recipes that come with cnnbench, by name, in alphabetical order."""
    return {path.stem: path for path in sorted(_folder().glob(f"*{SUFFIX}"))}


def recipe_text(name: str) -> str:
    """A recipe that comes with cnnbench, to be edited elsewhere: without the path of its schema.

    Raises CnnbenchError if there is none of that name.
    """
    shipped = shipped_recipes()
    if name not in shipped:
        raise CnnbenchError(
            f"no recipe {name!r} comes with cnnbench{did_you_mean(name, shipped, 'recipes')}"
        )
    text = shipped[name].read_text(encoding="utf-8")
    return re.sub(r"\A#:schema .*\n\s*", "", text)


def recipe_file(name: str, folder: str = "") -> str:
    """The file that a recipe's name stands for, the name itself where there is none.

    A file of that name comes first, then, for a name without suffix, NAME.toml beside it, so that
    an edited copy counts, and last the recipe that comes with cnnbench; a folder of that name, of
    images perhaps, is none of these. folder: what names are relative to, the current folder if
    empty.
    """
    path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118 - keeps the path as typed
    if not _is_bare(name):
        return path
    if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112 - no path: False
        return path
    beside = f"{path}{SUFFIX}"
    if os.path.exists(beside):  # noqa: PTH110 - as above
        return beside
    shipped = shipped_recipes().get(name)
    return str(shipped) if shipped else path


def _is_bare(name: str) -> bool:
    return bool(name) and "." not in name and os.path.basename(name) == name  # noqa: PTH119


def _folder() -> Path:
    """Within the installed package; in a checkout, which packages are built of, beside it."""
    package = Path(__file__).parent.parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"
