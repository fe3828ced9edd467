"""Versions that have to be the same wherever the trials of a run are trained."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

from cnnbench.errors import PluginError

PYTHON = "python"
"""Stands for the interpreter among names of distributions."""


def versions_here(names: Iterable[str]) -> dict[str, str]:
    """The versions of distributions as they are installed here, "" for those that are not.

    Found from metadata, without importing anything.
    """
    return {name: _version(name) for name in names}


def refuse_other_versions(
    expected: Mapping[str, str], found: Mapping[str, str] | None = None, where: str = ""
) -> None:
    """Raise PluginError unless both have the same versions.

    expected: of the process that starts the run. found: of the one that trains, this process if
    None. where: the name of its machine, this one's if "".
    """
    theirs = versions_here(expected) if found is None else found
    other = {name: theirs.get(name, "") for name in expected}
    differing = [name for name in expected if other[name] != expected[name]]
    if not differing:
        return
    what = ", ".join(
        f"{name} {other[name] or 'not at all'} (the run has {expected[name]})" for name in differing
    )
    raise PluginError(
        f"{where or platform.node()} has other versions than the process that runs the study: "
        f"{what}; install the same there, as records of both would not be comparable"
    )


def _version(name: str) -> str:
    if name == PYTHON:
        return platform.python_version()
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
