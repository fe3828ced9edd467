"""-v and --log-level: what happens inside, on standard error."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, Literal

import typer

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_VERBOSE = (logging.WARNING, logging.INFO, logging.DEBUG)
"""By how often -v is given."""
_OPTIONS = {
    "verbose": Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            show_default=False,
            help="Say on standard error what happens inside; -vv says more.",
        ),
    ],
    "log_level": Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        typer.Option(case_sensitive=False, help="The same by name."),
    ],
}
_DEFAULTS = {"verbose": 0, "log_level": None}


def logged(command: Callable[..., None]) -> Callable[..., None]:
    """The command with these options, of which it hears nothing itself."""

    @wraps(command)
    def with_logs(*arguments: Any, verbose: int, log_level: str | None, **options: Any) -> None:
        with log_lines(_level(verbose, log_level)):
            command(*arguments, **options)

    signature = inspect.signature(command, eval_str=True)
    own = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[name], annotation=annotation
        )
        for name, annotation in _OPTIONS.items()
    ]
    parameters = [*signature.parameters.values(), *own]
    vars(with_logs)["__signature__"] = signature.replace(parameters=parameters)
    with_logs.__annotations__ = {x.name: x.annotation for x in parameters}
    return with_logs


def _level(verbose: int, name: str | None) -> int | None:
    """The level asked for, None if none was."""
    if name is not None:
        return logging.getLevelNamesMapping()[name.upper()]
    return _VERBOSE[min(verbose, len(_VERBOSE) - 1)] if verbose else None


@contextmanager
def log_lines(level: int | None) -> Iterator[None]:
    """Let lines of cnnbench from that level on be seen; None leaves all as it is."""
    if level is None:
        yield
        return
    package, handler = logging.getLogger("cnnbench"), _Lines()
    handler.setFormatter(logging.Formatter(_FORMAT, "%H:%M:%S"))
    before = package.level
    package.setLevel(level)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        package.setLevel(before)


class _Lines(logging.Handler):
    """Lines on standard error, above a progress view where that shares the terminal with it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one, or several of a traceback."""
        from cnnbench.report.printable import printable

        try:
            text = printable(self.format(record))
            # A view puts itself in the place of standard error, wherever that leads.
            own = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
            stream = sys.stderr if own.isatty() else own
            stream.write(f"{text}\n")
            stream.flush()
        except Exception:  # noqa: BLE001 - as every handler does
            self.handleError(record)
