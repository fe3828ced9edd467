"""Where a process trains: one backend opened once, and the images of the trials it was given."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

from cnnbench.data.sources.cache import CachedImages, digest_of, open_images
from cnnbench.errors import DataError
from cnnbench.loading.plugins import Plugins
from cnnbench.plugin.executor import Limits, Outcome
from cnnbench.processes import made_for_good
from cnnbench.results.record import Beside, Epoch
from cnnbench.training.build import Build, build_model
from cnnbench.training.stack import run_stack
from cnnbench.training.trial import run_trial
from cnnbench.trials.trial import Device, Trial

LOGGER = logging.getLogger(__name__)


class Bench:
    """A process's place to train; `open` imports the framework, which takes seconds."""

    def __init__(
        self,
        plugins: Plugins,
        backend: str,
        device: Device,
        limits: Limits,
        *,
        process_is_ours: bool = False,
    ) -> None:
        self._plugins = plugins
        self._backend = plugins.backend(backend)
        self._limits = limits
        begun = time.monotonic()
        with made_for_good() if process_is_ours else nullcontext():
            self.engine = self._backend.open(device, limits.threads)
        seconds = time.monotonic() - begun
        LOGGER.info("backend %s opened on %s in %.1f s", backend, self.engine.device, seconds)
        self._last: tuple[object, CachedImages] | None = None
        self._proved: CachedImages | None = None

    def run(
        self,
        trial: Trial,
        on_epoch: Callable[[Epoch], None],
        build: Build = build_model,
        images: CachedImages | None = None,
    ) -> Outcome:
        """Run one trial; images: of its source, if they were brought here."""
        return run_trial(
            trial,
            self._backend,
            self.engine,
            open_images=self.images if images is None else lambda it: self._brought(it, images),
            beside=self._beside(),
            on_epoch=on_epoch,
            build=build,
        )

    def run_stack(
        self, trials: Sequence[Trial], on_epoch: Callable[[Trial, Epoch], None]
    ) -> Iterator[Outcome]:
        """Run replicates of a variant as one program."""
        return run_stack(
            trials,
            self._backend,
            self.engine,
            open_images=self.images,
            beside=self._beside(),
            on_epoch=on_epoch,
        )

    def _beside(self) -> Beside:
        return Beside(
            slots=self._limits.slots,
            threads=self._limits.threads,
            exclusive=self._limits.exclusive,
            load=_load(),
        )

    def images(self, trial: Trial) -> CachedImages:
        """The trial's source, kept open: trials in a row mostly share it.

        Raises DataError where its images are not those that the trial was planned with.
        """
        key = (trial.source, trial.request, trial.data)
        if self._last is None or self._last[0] != key:
            self._last = (key, planned_images(self._plugins, trial))
        return self._last[1]

    def _brought(self, trial: Trial, images: CachedImages) -> CachedImages:
        """The same images, if they are the trial's. Raises DataError."""
        if self._proved is not images:
            if digest_of(images) != images.digest:
                raise DataError(f"the {images.things} that were brought to this worker are damaged")
            self._proved = images
        if images.identity != trial.data:
            raise DataError(
                f"the {images.things} that were brought to this worker are not the trial's"
            )
        return images


def planned_images(plugins: Plugins, trial: Trial) -> CachedImages:
    """The images of a trial from the cache of this machine, decoded first if need be.

    Raises DataError where they are not those that the trial was planned with.
    """
    images = open_images(plugins.source(trial.source), trial.request)
    if images.identity != trial.data:
        source = trial.configuration.data.source
        raise DataError(
            f"the {images.things} of {source} have changed since this run began: give the same "
            "command again"
        )
    return images


def _load() -> float | None:
    """The load average over the last minute, where the system keeps one."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None
