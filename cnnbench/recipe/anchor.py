"""Where images lie: paths of sources, relative to what names them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from cnnbench.data.sources.groups import is_table
from cnnbench.data.sources.requests import is_there, reader_of
from cnnbench.errors import PluginError
from cnnbench.recipe.check import FindSource
from cnnbench.recipe.setting import Setting


def given_source(data: str | Path, find_source: FindSource) -> Setting:
    """The source that is given for a run, by --data or in Python; a bare path will do.

    The current folder may hold a folder with the name of a source: that is the source.
    """
    text = str(data)
    if isinstance(data, Path) or _is_path(text, find_source):
        text = f"{reader_of(text)}:{text}"
    return Setting(text, f"--data {data}", Path.cwd(), (None, None))


def anchored_groups(groups: Setting) -> Setting:
    """The path of a table of groups made absolute, as that of a source is."""
    if not isinstance(groups.value, str) or not is_table(groups.value):
        return groups
    home = os.path.expanduser(groups.value)  # noqa: PTH111 - as below
    return replace(groups, value=os.path.normpath(groups.folder / home))


def _is_path(text: str, find_source: FindSource) -> bool:
    try:
        find_source(text.partition(":")[0])
    except PluginError:
        return (os.sep in text and ":" not in text) or is_there(text)
    return False


def anchored(source: Setting, find_source: FindSource) -> Setting:
    """A source with its path made absolute: in a recipe it is relative to the recipe's folder."""
    if not isinstance(source.value, str):
        return source
    name, colon, argument = source.value.partition(":")
    try:
        takes_path = find_source(name).argument == "PATH"
    except PluginError:
        return source  # reported with its line by the checker
    if not argument or not takes_path:
        return source
    home = os.path.expanduser(argument)  # noqa: PTH111 - Path's raises for unknown users
    path = os.path.normpath(source.folder / home)
    return replace(source, value=f"{name}{colon}{path}")
