"""Reading recipe files: TOML with line numbers, and the chain of files that `extends` makes."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnbench.errors import Problem, nearest
from cnnbench.recipe.lines import KeyPath, locate
from cnnbench.recipe.setting import Key, Setting, flatten

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HINTS = {
    "Invalid value": 'text goes in quotes ("mnist5k"); true and false are written in small letters',
    "Cannot overwrite a value": "the key is given twice",
    "Expected '=' after a key in a key/value pair": "a line is KEY = VALUE or [section]",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One recipe file, read. file: as shown to the user."""

    file: str
    folder: Path
    table: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def settings(
        self, table: Mapping[str, Any], at: KeyPath = (), variant: str = ""
    ) -> dict[Key, Setting]:
        """The settings of a table of this document that stands at the path `at`."""
        return {key: self.setting(value, at, key, variant=variant) for key, value in flatten(table)}

    def setting(self, value: Any, at: KeyPath, key: KeyPath, *, variant: str = "") -> Setting:
        """The setting of a value that stands at the path `key` below `at`."""
        path = (*at, *key)
        ends = range(len(at) + 1, len(path) + 1)
        inner = {
            x[len(path) :]: line
            for x, line in self.lines.items()
            if isinstance(value, list) and len(x) > len(path) and x[: len(path)] == path
        }
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
        parent = os.path.normpath(os.path.join(os.path.dirname(child.file), name))  # noqa: PTH118, PTH120 - keeps the path as the user typed it
        if not os.path.isfile(parent):  # noqa: PTH113 - False for what can't be a path at all
            message = f"there is no file {parent}; the path is relative to this recipe"
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
        text = Path(file).read_bytes().decode("utf-8-sig")  # editors on Windows write the mark
    except FileNotFoundError:
        raise Unreadable(Problem("", _missing(file), file)) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Unreadable(Problem("", f"can't be read: {reason}", file)) from None
    except UnicodeDecodeError as error:
        message = f"is not text in UTF-8 (byte {error.start}): save it with that encoding"
        raise Unreadable(Problem("", message, file)) from None
    try:
        table = tomllib.loads(text)
        lines = locate(text)
    except RecursionError:
        raise Unreadable(Problem("", "lists or tables are nested too deeply", file)) from None
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise Unreadable(_syntax(file, str(error), text)) from None
    return Document(file, Path(os.path.abspath(file)).parent, table, lines)  # noqa: PTH100 - resolve() would follow links


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
        return f"{message}; did you mean {file}.toml?"
    if not folder.is_dir():
        return f"{message}, nor a folder {folder}"
    near = nearest(Path(file).stem, [path.stem for path in folder.glob("*.toml")])
    return f"{message}; did you mean {folder / near}.toml?" if near else message


def _identity(file: str) -> str:
    return os.path.realpath(file)
