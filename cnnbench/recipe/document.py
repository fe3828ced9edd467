"""Reading recipe files: TOML with line numbers, and the chain of files that `extends` makes."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnbench.errors import Problem, meant, nearest
from cnnbench.recipe.lines import KeyPath, locate
from cnnbench.recipe.setting import Key, Setting, dotted, flatten
from cnnbench.recipe.shipped import recipe_file, shipped_recipes
from cnnbench.recipe.toml import UnfitError, parse

LARGEST = 2**20
"""Bytes of a recipe; those that come with cnnbench have three thousand."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HINTS = {
    "Invalid value": 'text goes in quotes ("mnist5k"); true and false are written in small letters',
    "Cannot overwrite a value": "the key is given twice",
    "Cannot declare": "a [section] stands once: put all its keys there",
    "Expected '=' after a key in a key/value pair": "a line is KEY = VALUE or [section]",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One recipe file, read.

    file: as shown to the user. lists: of each list's path, the lines of what is inside, by the
    path below the list's.
    """

    file: str
    folder: Path
    table: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    lists: Mapping[KeyPath, Mapping[KeyPath, int]]

    def settings(
        self, table: Mapping[str, Any], at: KeyPath = (), variant: str = ""
    ) -> dict[Key, Setting]:
        """The settings of a table of this document that stands at the path `at`."""
        return {key: self.setting(value, at, key, variant=variant) for key, value in flatten(table)}

    def setting(self, value: Any, at: KeyPath, key: KeyPath, *, variant: str = "") -> Setting:
        """The setting of a value that stands at the path `key` below `at`."""
        path = (*at, *key)
        ends = range(len(at) + 1, len(path) + 1)
        inner = self.lists.get(path, {})
        lines = tuple(self.lines.get(path[:end]) for end in ends)
        return Setting(value, self.file, self.folder, lines, inner, variant)

    def problem(self, path: KeyPath, key: str, message: str) -> Problem:
        """A problem at the line of a path."""
        return Problem(key, message, self.file, self.lines.get(path))


class Unreadable(Exception):  # noqa: N818 - it carries the problem to report
    """Why a file, or one that it extends, can't be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_chain(file: str | os.PathLike[str]) -> list[Document]:
    """The file and all that it extends, the outermost ancestor first. Raises Unreadable."""
    documents = [read_document(os.fspath(file))]
    seen = {_identity(documents[0].file)}
    while "extends" in documents[-1].table:
        child = documents[-1]
        name = child.table["extends"]
        if not isinstance(name, str):
            message = f'{name!r} is not the name of a recipe file, e.g. extends = "mnist.toml"'
            raise Unreadable(child.problem(("extends",), "extends", message))
        parent = recipe_file(name, os.path.dirname(child.file))  # noqa: PTH120 - as it was typed
        if not os.path.exists(parent):  # noqa: PTH110 - False for what can't be a path at all
            message = (
                f"there is no file {parent}; the path is relative to this recipe"
                f"{_meant_shipped(name)}"
            )
            raise Unreadable(child.problem(("extends",), "extends", message))
        if os.path.isdir(parent):  # noqa: PTH112 - as above
            message = f"{name!r} is a folder, not a recipe file"
            raise Unreadable(child.problem(("extends",), "extends", message))
        if _identity(parent) in seen:
            message = f"{name!r} leads back to {parent}: a recipe can't extend itself"
            raise Unreadable(child.problem(("extends",), "extends", message))
        seen.add(_identity(parent))
        documents.append(read_document(parent))
    return documents[::-1]


def read_document(file: str) -> Document:
    """One file. Raises Unreadable, also for what is not TOML."""
    try:
        text = _read(file).decode("utf-8-sig")  # editors on Windows write the mark
    except UnicodeDecodeError as error:
        message = f"is not text in UTF-8 (byte {error.start}): save it with that encoding"
        raise Unreadable(Problem("", message, file)) from None
    try:
        table = parse(text)
    except UnfitError as error:
        raise Unreadable(_unfit(file, error, text)) from None
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise Unreadable(_syntax(file, str(error), text)) from None
    lines = locate(text)
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 - resolve() would follow links
    return Document(file, folder, table, lines, _lists(lines))


def _lists(lines: Mapping[KeyPath, int]) -> dict[KeyPath, dict[KeyPath, int]]:
    lists: dict[KeyPath, dict[KeyPath, int]] = {}
    for path, line in lines.items():
        for depth, part in enumerate(path):
            if isinstance(part, int):
                lists.setdefault(path[:depth], {})[path[depth:]] = line
    return lists


def _read(file: str) -> bytes:
    """The bytes of a file that can be a recipe: reading a pipe or a device might never end."""
    path = Path(file)
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            message = "is a folder, not a recipe file"
        elif not stat.S_ISREG(about.st_mode):
            message = "is a pipe or a device, not a recipe file"
        elif about.st_size > LARGEST:
            message = f"has {about.st_size:,} bytes; no recipe has more than {LARGEST:,}"
        else:
            return path.read_bytes()
    except FileNotFoundError:
        message = _missing(file)
    except OSError as error:
        message = f"can't be read: {(error.strerror or str(error)).lower()}"
    except ValueError:  # a zero byte, which no path holds
        message = "can't be the name of a file"
    raise Unreadable(Problem("", message, file))


def _unfit(file: str, error: UnfitError, text: str) -> Problem:
    line = None
    with suppress(RecursionError):  # where something is nested too deeply
        line = locate(text).get(error.path) if error.path else None
    return Problem(dotted(error.path), str(error), file, line)


def _syntax(file: str, error: str, text: str) -> Problem:
    place = _PLACE.search(error)
    sentence = _PLACE.sub("", error)
    line = column = None
    if place and place[1]:
        line, column = int(place[1]), place[2]
    elif place:
        line = text.rstrip("\n").count("\n") + 1
    message = f"not valid TOML: {sentence}"
    message += f" (column {column})" if column else ""
    hint = next((hint for start, hint in _HINTS.items() if sentence.startswith(start)), "")
    return Problem("", f"{message}; {hint}" if hint else message, file, line)


def _missing(file: str) -> str:
    message = "there is no such file"
    folder = Path(file).parent
    if not file.endswith(".toml") and Path(f"{file}.toml").is_file():
        return message + meant([f"{file}.toml"])
    if "." not in file and file == Path(file).name:
        message += f", nor does a recipe of that name come with cnnbench{_meant_shipped(file)}"
        return message if "did you mean" in message else f"{message}; `cnnbench recipes` lists them"
    if not folder.is_dir():
        return f"{message}, nor a folder {folder}"
    near = nearest(Path(file).stem, [path.stem for path in folder.glob("*.toml")])
    return message + meant([f"{folder / near}.toml"] if near else [])


def _meant_shipped(name: str) -> str:
    near = nearest(Path(name).stem, shipped_recipes())
    return meant([near] if near else [])


def _identity(file: str) -> str:
    return os.path.realpath(file)
