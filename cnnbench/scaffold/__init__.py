"""`cnnbench new plugin`: a complete distribution from templates."""

from __future__ import annotations

import re
from collections.abc import Container
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from cnnbench.errors import PluginError
from cnnbench.plugin.hooks import INTERFACE

PREFIX = "cnnbench-"
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
"""A name of a distribution, https://packaging.python.org/en/latest/specifications/name-normalization/."""

FILES = {
    "pyproject.toml": "pyproject.toml.template",
    "README.md": "README.md.template",
    "$module/__init__.py": "light.py.template",
    "$module/_backend.py": "backend.py.template",
    "$module/py.typed": None,
    "tests/test_conformance.py": "test_conformance.py.template",
}
"""Path in the new distribution to its template, None for an empty file."""


def write_plugin(name: str, directory: Path, taken: Container[str] = ()) -> Path:
    """Write the distribution cnnbench-NAME into a new folder of `directory`; returns the folder.

    name: of the backend; it is normalised as an index normalises names. taken: backends that exist.
    Raises PluginError for a name that can't be used or is installed, and for a folder that exists.
    """
    values = _values(name, taken)
    folder = directory / values["distribution"]
    try:
        folder.mkdir(parents=True)
        for path, template in FILES.items():
            target = folder / Template(path).substitute(values)
            target.parent.mkdir(exist_ok=True)
            target.write_text(_filled(template, values) if template else "", encoding="utf-8")
    except FileExistsError:
        raise PluginError(
            f"{folder} exists and is left as it is; choose another name or --directory"
        ) from None
    except OSError as error:
        raise PluginError(f"can't write {folder}: {error.strerror}") from error
    return folder


def _values(name: str, taken: Container[str]) -> dict[str, str]:
    if not NAME.fullmatch(name):
        raise PluginError(
            f"{name!r} can't name a plugin: use letters, digits, '-', '_' and '.', "
            "with a letter or digit first and last"
        )
    short = re.sub(r"[-_.]+", "-", name).lower()
    short = short.removeprefix(PREFIX)
    if short in taken:
        raise PluginError(f"there is a backend {short!r} already; choose another name")
    module = (PREFIX + short).replace("-", "_")
    if _is_installed(PREFIX + short) or find_spec(module) is not None:
        raise PluginError(
            f"{PREFIX}{short} is installed already, and the new plugin would take its place; "
            "choose another name"
        )
    title = "".join(part.capitalize() for part in short.split("-"))
    if title[0].isdigit():  # it begins the names of classes
        title = f"Plugin{title}"
    return {
        "name": short,
        "distribution": PREFIX + short,
        "module": module,
        "title": title.removesuffix("Backend") or title,
        "interface": ".".join(map(str, INTERFACE)),
        "cnnbench": version("cnnbench"),
    }


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _filled(template: str, values: dict[str, str]) -> str:
    source = files(__name__).joinpath("templates", template).read_text(encoding="utf-8")
    return Template(source).substitute(values)
