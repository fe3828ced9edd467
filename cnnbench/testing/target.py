"""Naming a backend so that another process finds it."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from functools import reduce
from pathlib import Path
from types import ModuleType

from cnnbench.errors import PluginError
from cnnbench.plugin.backend import Backend

Target = str | Callable[[], Backend]
"""The name of an installed backend, "module:attribute", "path/to/file.py:attribute", or a class or
function that returns a backend.
"""


def target_name(target: Target) -> str:
    """The target as text. Raises PluginError for a function that has no name of its own."""
    if isinstance(target, str):
        return target
    name = getattr(target, "__qualname__", "")
    if not name or "<" in name:
        raise PluginError(
            f"the backend {target!r} can't be found by name in another process: give a class or a "
            "function at the top level of a module"
        )
    file = Path(inspect.getfile(target)).resolve()
    return f"{_module_name(target.__module__, file) or file}:{name}"


def find_backend(target: str) -> Backend:
    """The backend of that name, or what the attribute makes. Raises PluginError."""
    place, _, attribute = target.rpartition(":")
    if not place:
        from cnnbench.loading.manager import load_plugins

        return load_plugins().backend(target)
    try:
        found = reduce(getattr, attribute.split("."), _import(place))
    except (ImportError, OSError, AttributeError) as error:
        raise PluginError(f"no backend is found at {target}: {error}") from error
    backend: object = found() if callable(found) else found
    if not isinstance(backend, Backend):
        raise PluginError(
            f"{target} gives a {type(backend).__name__}, not a Backend: name a subclass of "
            "cnnbench.plugin.backend.Backend or a function that returns an instance of one"
        )
    return backend


def search_path() -> list[str]:
    """Where this process imports from, for another that is to find the same."""
    return [str(Path(entry).resolve()) for entry in sys.path]


def widen_search(path: Iterable[str]) -> None:
    """Look for modules there, too, after all other places: a target stands in for no library."""
    sys.path += [entry for entry in path if entry not in sys.path]


def _module_name(name: str, file: Path) -> str:
    """The module's name if a fresh process finds this file under it, else "".

    A test runner may load a module under a name that is on no search path.
    """
    stem = Path(*name.split("."))
    places = (stem.with_suffix(".py"), stem / "__init__.py")
    found = any((Path(root) / place).resolve() == file for root in sys.path for place in places)
    return name if found else ""


def _import(place: str) -> ModuleType:
    if not place.endswith(".py"):
        return importlib.import_module(place)
    file = Path(place).resolve()
    spec = importlib.util.spec_from_file_location(f"_cnnbench_target_{file.stem}", file)
    assert spec is not None, "a file ending in .py has a loader"
    assert spec.loader is not None, "same"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
