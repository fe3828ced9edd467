"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnbench.testing.rig import Rig


class CheckResult(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


class Failed(Exception):  # noqa: N818 - a finding about the backend, not an error of the suite
    """The backend does something else than it must; the text says what, and what may be wrong."""


class Unsupported(Exception):  # noqa: N818 - same
    """The backend declares that it can't do what the check needs."""


@dataclass(frozen=True, slots=True)
class Check:
    """One property that a backend must have.

    about: the property as a statement. run: raises Failed, or Unsupported, or returns.
    """

    name: str
    about: str
    run: Callable[[Rig], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    about: the property that was checked. reason: a sentence, "" if it passed. traceback: where the
    backend raised, else "".
    """

    name: str
    about: str
    verdict: CheckResult
    reason: str = ""
    seconds: float = 0.0
    traceback: str = ""
