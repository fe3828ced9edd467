"""What a plugin author imports.

A plugin is a distribution of its own. Its `pyproject.toml` points the entry point group `cnnbench`
at a module::

    [project.entry-points.cnnbench]
    example = "cnnbench_example"

The module states which interface it was made for and implements the hooks it needs. It is imported
by every command that looks for plugins, so it stays light: a framework is imported in `open` alone,
best from a module of its own::

    from cnnbench.plugin import Availability, Backend, Engine, hookimpl

    CNNBENCH_INTERFACE = "1.0"


    class ExampleBackend(Backend):
        name = "example"
        title = "My framework"

        def check(self) -> Availability:
            return Availability(available=True, devices=("cpu",))

        def open(self, device: str, threads: int) -> Engine:
            from cnnbench_example._backend import ExampleEngine

            return ExampleEngine(threads)


    @hookimpl
    def cnnbench_backends():
        return [ExampleBackend()]

`cnnbench new plugin NAME` writes such a distribution, `cnnbench plugins` says what was found and
what is wrong with the rest, `cnnbench check NAME` proves a backend right. `cnnbench.plugin.hooks`
and docs/plugins.md describe every hook; docs/writing-a-backend.md goes through a backend in steps.
"""

from __future__ import annotations

from cnnbench.data.passes.batches import Batch, Batches, Resident
from cnnbench.data.passes.scaling import SCALINGS, InputScaling
from cnnbench.data.sources.cache import CachedImages
from cnnbench.data.sources.pixels import conform, conform_shape
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request
from cnnbench.data.splits.duplicates import notes_on_duplicates
from cnnbench.errors import DataError, NetworkError, PluginError, nearest
from cnnbench.network.bases import BASES
from cnnbench.network.bases.points import POINTS
from cnnbench.network.late import late_activations
from cnnbench.network.layers import (
    INPUT,
    Activate,
    Add,
    AnyLayer,
    BatchNorm,
    Concatenate,
    Conv,
    Convolution,
    Dense,
    DepthwiseConv,
    Dropout,
    Dropping,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
    Multiply,
    Pool,
    Rescaling,
    Shape,
    StochasticDepth,
    Windowed,
    ZeroPadding,
    padding_of,
)
from cnnbench.network.network import Network, Node, Weights
from cnnbench.network.weights import by_layer, penalized_kernels, trainable_arrays
from cnnbench.plugin.backend import (
    ACTIVATIONS,
    OPTIMIZERS,
    OPTIONS,
    OUTPUTS,
    Availability,
    Backend,
    Capabilities,
    Engine,
    EpochResult,
    Model,
)
from cnnbench.plugin.base import PretrainedBase
from cnnbench.plugin.executor import (
    EpochEnded,
    Event,
    Executor,
    Limits,
    Listener,
    Outcome,
    Remark,
    TrialEnded,
    TrialsAdded,
    TrialStarted,
    Work,
)
from cnnbench.plugin.exporter import Exporter
from cnnbench.plugin.flat import flat_results, flat_settings
from cnnbench.plugin.hooks import hookimpl
from cnnbench.plugin.outbox import Outbox
from cnnbench.plugin.report_format import ReportFormat
from cnnbench.plugin.resident import ResidentSplits
from cnnbench.plugin.run_ended import RunEnded
from cnnbench.plugin.service_tracker import ServiceTracker, TrackingService
from cnnbench.plugin.stacked import (
    ModelLoop,
    Passes,
    StackedEngine,
    StackedModel,
    StackedStepModel,
)
from cnnbench.plugin.steps import StepModel
from cnnbench.plugin.surroundings import installed_version, look_for
from cnnbench.plugin.update_rule import UpdateRule
from cnnbench.plugin.versions import refuse_other_versions, versions_here
from cnnbench.plugin.worker_environment import worker_environment
from cnnbench.pretrained.found import PublishedAccuracy
from cnnbench.results.record import Epoch, Record, Status
from cnnbench.trials.optimization import Optimization
from cnnbench.trials.trial import Trial

__all__ = [
    "ACTIVATIONS",
    "BASES",
    "INPUT",
    "OPTIMIZERS",
    "OPTIONS",
    "OUTPUTS",
    "POINTS",
    "SCALINGS",
    "Activate",
    "Add",
    "AnyLayer",
    "Availability",
    "Backend",
    "Batch",
    "BatchNorm",
    "Batches",
    "CachedImages",
    "Capabilities",
    "Concatenate",
    "Conv",
    "Convolution",
    "DataError",
    "DataSource",
    "Dense",
    "DepthwiseConv",
    "Dropout",
    "Dropping",
    "Engine",
    "Epoch",
    "EpochEnded",
    "EpochResult",
    "Event",
    "Executor",
    "Exporter",
    "Facts",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "ImageData",
    "InputScaling",
    "Layer",
    "Limits",
    "Listener",
    "Model",
    "ModelLoop",
    "Multiply",
    "Network",
    "NetworkError",
    "Node",
    "Optimization",
    "Outbox",
    "Outcome",
    "Passes",
    "PluginError",
    "Pool",
    "PretrainedBase",
    "PublishedAccuracy",
    "Record",
    "Remark",
    "ReportFormat",
    "Request",
    "Rescaling",
    "Resident",
    "ResidentSplits",
    "RunEnded",
    "ServiceTracker",
    "Shape",
    "StackedEngine",
    "StackedModel",
    "StackedStepModel",
    "Status",
    "StepModel",
    "StochasticDepth",
    "TrackingService",
    "Trial",
    "TrialEnded",
    "TrialStarted",
    "TrialsAdded",
    "UpdateRule",
    "Weights",
    "Windowed",
    "Work",
    "ZeroPadding",
    "by_layer",
    "conform",
    "conform_shape",
    "flat_results",
    "flat_settings",
    "hookimpl",
    "installed_version",
    "late_activations",
    "look_for",
    "nearest",
    "notes_on_duplicates",
    "padding_of",
    "penalized_kernels",
    "refuse_other_versions",
    "trainable_arrays",
    "versions_here",
    "worker_environment",
]
