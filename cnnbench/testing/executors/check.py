"""What a check of executors is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cnnbench.testing.executors.rig import ExecutorRig


@dataclass(frozen=True, slots=True)
class ExecutorCheck:
    """One property that an executor must have.

    about: the property as a statement. run: raises Failed, or Unsupported, or returns.
    """

    name: str
    about: str
    run: Callable[[ExecutorRig], None]
