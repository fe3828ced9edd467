"""Running code of plugins, whatever it raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def foreign(blame: Callable[[str], Exception], *expected: type[BaseException]) -> Iterator[None]:
    """Raise `blame("ValueError: no licence")` for what the plugin's code raises.

    Not only for an Exception: an exit is one, too, and so is what a panic in Rust becomes. Ctrl-C
    and the `expected` pass unchanged.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, *expected)):
            raise
        raise blame(_described(error)) from error


def _described(error: BaseException) -> str:
    first_line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first_line}".removesuffix(": ")
