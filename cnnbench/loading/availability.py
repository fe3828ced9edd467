"""Asking a plugin whether something of it can be used here, whatever it answers."""

from __future__ import annotations

from cnnbench.errors import PluginError
from cnnbench.loading.foreign import foreign
from cnnbench.plugin.backend import Availability, Backend
from cnnbench.plugin.base import PretrainedBase
from cnnbench.plugin.exporter import Exporter


def check_availability(thing: Backend | PretrainedBase | Exporter) -> Availability:
    """Its own answer; a check that fails itself means that it is not available, and why."""
    try:
        with foreign(PluginError):
            answer = thing.check()
    except PluginError as error:
        return Availability(available=False, reason=f"its check failed: {error}")
    if not isinstance(answer, Availability):
        return Availability(
            available=False,
            reason=f"its check returned a value of type {type(answer).__name__}, not Availability",
        )
    return answer
