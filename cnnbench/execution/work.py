"""What executors do with a trial."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from cnnbench.data.sources.cache import CachedImages
from cnnbench.errors import CnnbenchError, PluginError
from cnnbench.execution.bench import Bench, planned_images
from cnnbench.loading.availability import check_availability
from cnnbench.loading.manager import load_plugins
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.stacking import stacked
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.executor import Limits, Outcome, Work
from cnnbench.plugin.versions import PYTHON, refuse_other_versions, versions_here
from cnnbench.results.failure import failure_text
from cnnbench.results.record import Beside, Epoch, Status
from cnnbench.training.crash import describe_crash
from cnnbench.training.trial import blank_record
from cnnbench.trials.trial import Device, Trial

LOGGER = logging.getLogger(__name__)

_BENCHES: dict[tuple[str, Device, Limits], Bench] = {}
"""Those of this process, kept for the trials that follow."""


@dataclass(frozen=True)
class BenchWork(Work):
    """Trains on a bench of this process, which is made once and kept.

    stack: replicates of a variant to be trained as one program. in_process: in the process of
    whoever asked for it.
    """

    stack: int = 1
    in_process: bool = False

    def open(self, on_wait: Callable[[str], None] | None = None) -> None:
        """Make the bench. Raises PluginError, with the backend's own error as its cause."""
        self.bench(on_wait)

    def __call__(
        self,
        trial: Trial,
        on_epoch: Callable[[Epoch], None] | None = None,
        images: CachedImages | None = None,
    ) -> Outcome:
        """Run a trial; the first one makes the bench."""
        return self.bench().run(trial, on_epoch or (lambda _: None), images=images)

    def together(self, trials: Sequence[Trial]) -> list[tuple[Trial, ...]]:
        """Stacks of replicates, as far as they can be trained as one."""
        return stacked(trials, self.stack)

    def run(
        self, piece: Sequence[Trial], on_epoch: Callable[[Trial, Epoch], None]
    ) -> Iterator[Outcome]:
        """Run a stack, or a trial by itself."""
        if len(piece) > 1:
            return self.bench().run_stack(piece, on_epoch)
        return super().run(piece, on_epoch)

    def bench(self, on_wait: Callable[[str], None] | None = None) -> Bench:
        """Where it trains. Raises PluginError."""
        key = (self.backend, self.device, self.limits)
        if key not in _BENCHES:
            refuse_other_versions(self.versions)
            try:
                plugins = load_plugins(on_wait=on_wait) if on_wait else load_plugins()
                _BENCHES[key] = Bench(plugins, *key, process_is_ours=not self.in_process)
            except CnnbenchError:
                raise
            except (Exception, SystemExit) as error:
                LOGGER.info("backend %s can't be opened", self.backend, exc_info=True)
                raise PluginError(
                    f"backend {self.backend} can't be opened: {describe_crash(error)}; "
                    "--executor inline shows the whole traceback"
                ) from error
        return _BENCHES[key]

    def images(self, trial: Trial) -> CachedImages:
        """Those of this machine's cache; mapped arrays would be pickled by value."""
        found = planned_images(load_plugins(), trial)
        return dataclasses.replace(found, images=found.images.view(np.ndarray))

    def lost(
        self,
        trial: Trial,
        reason: str,
        *,
        timeout: bool = False,
        history: Sequence[Epoch] = (),
        started: float | None = None,
        output: str = "",
    ) -> Outcome:
        """A record of a trial that left nothing but the reason of its end, and its epochs."""
        beside = Beside(
            slots=self.limits.slots, threads=self.limits.threads, exclusive=self.limits.exclusive
        )
        status = Status.TIMEOUT if timeout else Status.FAILED
        begun = time.time() if started is None else started
        record = blank_record(trial, status, reason, beside, begun)
        return Outcome(
            record.model_copy(update={"epochs": len(history) or None}),
            tuple(history),
            failure=failure_text("", output),
        )


def work_of(
    backend: Backend,
    device: Device,
    limits: Limits,
    plugins: Plugins,
    stack: int = 1,
    *,
    in_process: bool = False,
) -> BenchWork:
    """The work of a backend within these limits; see `BenchWork`."""
    environment = dict(backend.environment(device, limits.threads))
    versions = _versions_of(backend, plugins)
    return BenchWork(backend.name, device, limits, environment, versions, stack, in_process)


def _versions_of(backend: Backend, plugins: Plugins) -> dict[str, str]:
    """Of all that computes, as far as it is installed as a distribution."""
    names = [PYTHON, "cnnbench", "numpy", *check_availability(backend).versions]
    with suppress(KeyError):  # of a backend that no plugin brought
        names.append(plugins.distribution_of(backend).distribution)
    return {name: version for name, version in versions_here(names).items() if version}
