"""Telling plugins what happens to trials, without letting them disturb the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import pluggy

from cnnbench.errors import PluginError
from cnnbench.loading.foreign import foreign
from cnnbench.plugin.executor import (
    EpochEnded,
    Event,
    Remark,
    TrialEnded,
    TrialsAdded,
    TrialStarted,
)
from cnnbench.plugin.run_ended import RunEnded

LOGGER = logging.getLogger(__name__)


class Callbacks:
    """The hooks on trials and on the end of a run, of every plugin that still behaves."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self._manager = manager
        self._active = dict(manager.list_name_plugin())

    def notify(self, event: Event | RunEnded, report: Callable[[str], None]) -> None:
        """Call the hook of this event in each plugin; switch off a plugin that raises."""
        if isinstance(event, Remark | TrialsAdded):
            return
        hook, arguments = _call(event)
        for name, plugin in list(self._active.items()):
            others = [other for other in self._manager.get_plugins() if other is not plugin]
            try:
                with foreign(PluginError):
                    self._manager.subset_hook_caller(hook, others)(**arguments)
            except PluginError as error:
                LOGGER.info("hook %s of plugin %s failed", hook, name, exc_info=True)
                del self._active[name]
                report(
                    f"plugin {name!r} is told nothing more in this run, because its {hook} "
                    f"failed: {error}"
                )


def _call(
    event: TrialStarted | EpochEnded | TrialEnded | RunEnded,
) -> tuple[str, Mapping[str, object]]:
    match event:
        case RunEnded():
            return "cnnbench_run_ended", {"run": event}
        case TrialStarted():
            return "cnnbench_trial_started", {"trial": event.trial}
        case EpochEnded():
            return "cnnbench_epoch_ended", {"trial": event.trial, "epoch": event.epoch}
        case TrialEnded():
            return "cnnbench_trial_ended", {"trial": event.trial, "record": event.outcome.record}
