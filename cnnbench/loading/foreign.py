"""Running code of plugins, whatever it raises."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def foreign(
    blame: Callable[[str], Exception], *expected: type[BaseException], place: bool = False
) -> Iterator[None]:
    """Raise `blame("ValueError: no licence")` for what the plugin's code raises.

    Not only for an Exception: an exit is none, nor is what becomes of a panic in Rust. Ctrl-C and
    the `expected` pass unchanged. place: add the file and line, for where no traceback can be had.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, *expected)):
            raise
        raise blame(_described(error) + (_place(error) if place else "")) from error


def shown(thing: object) -> str:
    """What kind of thing plugin code gave, where its text might say nothing."""
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    return f"a value of type {type(thing).__name__}"


def _described(error: BaseException) -> str:
    first_line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first_line}".removesuffix(": ")


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f" ({frame.filename}:{frame.lineno})"
