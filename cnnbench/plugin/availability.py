"""Asking a plugin whether something of it can be used here, whatever it answers."""

from __future__ import annotations

from cnnbench.plugin.backend import Availability, Backend
from cnnbench.plugin.base import PretrainedBase


def check_availability(thing: Backend | PretrainedBase) -> Availability:
    """Its own answer; a check that fails itself means that it is not available, and why."""
    try:
        answer = thing.check()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is the plugin's
        return Availability(
            available=False, reason=f"its check failed: {type(error).__name__}: {error}"
        )
    if not isinstance(answer, Availability):
        return Availability(
            available=False,
            reason=f"its check returned a value of type {type(answer).__name__}, not Availability",
        )
    return answer
