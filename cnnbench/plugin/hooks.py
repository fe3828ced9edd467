"""The hooks a plugin may implement. Each is optional; a misspelt one is refused."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from cnnbench.data.sources.source import DataSource
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.base import PretrainedBase
from cnnbench.plugin.executor import Executor
from cnnbench.plugin.exporter import Exporter
from cnnbench.plugin.report_format import ReportFormat
from cnnbench.plugin.run_ended import RunEnded
from cnnbench.results.record import Epoch, Record
from cnnbench.trials.trial import Trial

INTERFACE = (1, 2)
"""Version of everything under `cnnbench.plugin`: major, minor.

A plugin states as text which one it was made for, `CNNBENCH_INTERFACE = "1.0"`. The major is raised
when a plugin made for the one before can no longer work, the minor when something is added.
"""

hookspec = pluggy.HookspecMarker("cnnbench")
hookimpl = pluggy.HookimplMarker("cnnbench")


@hookspec
def cnnbench_backends() -> Iterable[Backend]:  # type: ignore[empty-body]
    """Backends, by unique name.

        @hookimpl
        def cnnbench_backends():
            return [Sketch()]

    What `--backend NAME` chooses.
    """


@hookspec
def cnnbench_sources() -> Iterable[DataSource]:  # type: ignore[empty-body]
    """Data sources, by unique name.

        @hookimpl
        def cnnbench_sources():
            return [Dots()]

    What `source = "NAME:ARGUMENT"` in a recipe, and `--data`, choose.
    """


@hookspec
def cnnbench_executors() -> Iterable[Executor]:  # type: ignore[empty-body]
    """Executors, by unique name.

        @hookimpl
        def cnnbench_executors():
            return [Queue()]

    What `--executor NAME` chooses.
    """


@hookspec
def cnnbench_report_formats() -> Iterable[ReportFormat]:  # type: ignore[empty-body]
    """Formats that a comparison can be written in, by unique name.

        @hookimpl
        def cnnbench_report_formats():
            return [ReportFormat("count", tally, "how many recipes were compared")]

    What `cnnbench compare --format NAME` chooses.
    """


@hookspec
def cnnbench_bases() -> Iterable[PretrainedBase]:  # type: ignore[empty-body]
    """Pretrained bases, by unique name.

        @hookimpl
        def cnnbench_bases():
            return [Photos()]

    What `[transfer] base` of a recipe names, beside the published networks.
    """


@hookspec
def cnnbench_exporters() -> Iterable[Exporter]:  # type: ignore[empty-body]
    """Exporters, by unique name.

        @hookimpl
        def cnnbench_exporters():
            return [Archive()]

    What the suffix of `cnnbench export FOLDER -o FILE.NAME` chooses. Since version 1.1.
    """


@hookspec
def cnnbench_trial_started(trial: Trial) -> None:
    """A trial is about to train; called in the main process.

        @hookimpl
        def cnnbench_trial_started(trial):
            tracker.begin(trial.id, trial.variant, trial.replicate)

    Be quick: while it runs, the view of the running trials waits.
    """


@hookspec
def cnnbench_epoch_ended(trial: Trial, epoch: Epoch) -> None:
    """A trial finished an epoch; called in the main process, shortly after it happened.

        @hookimpl
        def cnnbench_epoch_ended(trial, epoch):
            tracker.log(trial.id, epoch.epoch, val_accuracy=epoch.val_accuracy)

    An epoch holds loss, accuracy, their validation values, learning rate and seconds.
    """


@hookspec
def cnnbench_trial_ended(trial: Trial, record: Record) -> None:
    """A trial left its record, whatever its status; called in the main process.

        @hookimpl
        def cnnbench_trial_ended(trial, record):
            tracker.end(trial.id, failed=record.status is not Status.OK)

    The record is what `cnnbench compare` reads later.
    """


@hookspec
def cnnbench_run_ended(run: RunEnded) -> None:
    """A run of a study on one backend is over; called in the main process. Since version 1.1.

        @hookimpl
        def cnnbench_run_ended(run):
            tracker.keep(run.recipe, run.rows(), run.page())

    Not after an interruption, nor where nothing was left to train. `Outbox` sends without waiting.
    """
