"""Complaints about the command line in the style of all other errors, with what is right."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

_USAGE: type[Any] = typer.BadParameter.__bases__[0]
"""What the library raises for a line that it can't read, wherever it keeps that class."""


@contextmanager
def in_own_words() -> Iterator[None]:
    """Turn the library's complaints into one sentence, and a line that says where help is."""
    try:
        yield
    except _USAGE as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        from cnnbench.errors import OptionsError

        path = error.ctx.command_path if error.ctx else "cnnbench"
        raise OptionsError(f"{_sentence(error)}\n  {path} --help lists what it takes") from None


def _sentence(error: Any) -> str:
    option = getattr(error, "option_name", None)
    if option and hasattr(error, "possibilities"):
        return _no_such_option(option, error.ctx)
    text = str(error.format_message()).replace("Value error, ", "").removesuffix(".")
    return text[:1].lower() + text[1:]


def _no_such_option(option: str, context: Any) -> str:
    from cnnbench.errors import meant, nearest
    from cnnbench.recipe.keys import keys_meant

    parameters = context.command.params if context else []
    known = [name for x in parameters for name in x.opts if name.startswith("--")]
    near = nearest(option, known, cutoff=0.75)
    sentence = f"there is no option {option}"
    if not near and any(x.name == "overrides" for x in parameters):
        keys = keys_meant(option)
        value = _value_of(option, sys.argv[1:])
        ways = " or ".join(f"--set {shlex.quote(f'{key}={value}')}" for key in keys)
        if ways:
            return f"{sentence}; that is a key of the recipe: {ways}"
    return f"{sentence}{meant([near] if near else [])}"


def _value_of(option: str, words: list[str]) -> str:
    """The value that was typed with an option, VALUE if none was."""
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == option:
            if equals:
                return value
            following = words[number + 1 : number + 2]
            return following[0] if following and not following[0].startswith("--") else "VALUE"
    return "VALUE"
