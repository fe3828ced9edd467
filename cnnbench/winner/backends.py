"""What computes a network that is trained already: the backend that trained it, or any other."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from itertools import product

from cnnbench.errors import PluginError
from cnnbench.loading.availability import check_availability
from cnnbench.loading.plugins import Plugins
from cnnbench.network.network import Network
from cnnbench.planning.study import available_backend
from cnnbench.plugin.backend import Backend, Engine
from cnnbench.processes import usable_cores
from cnnbench.trials.optimization import Optimization
from cnnbench.trials.trial import Device


def choose_backend(
    plugins: Plugins,
    networks: Sequence[Network],
    *,
    precisions: Collection[str] = ("float32",),
    trained_by: str = "",
    asked: str | None = None,
    explains: bool = False,
) -> Backend:
    """The backend that is asked for, else the one that trained the networks, else any that can.

    precisions: of their arithmetic. explains: whether it must be able to make heat maps, too.
    Raises PluginError where that one, or none, can run here or compute them all.
    """

    def lacking(backend: Backend) -> str:
        asked_for = product(networks, [without_training(backend, x) for x in precisions])
        found = [*dict.fromkeys(backend.capabilities.missing(*each) for each in asked_for)]
        found += [lacking_to_explain(backend)] if explains else []
        return ", ".join(filter(None, found))

    if asked is not None:
        backend = available_backend(plugins, asked)
        if what := lacking(backend):
            raise PluginError(f"backend {asked} lacks {what}: choose another --backend")
        return backend
    names = sorted(plugins.backends, key=lambda name: name != trained_by)
    for backend in (plugins.backends[name] for name in names):
        if check_availability(backend).available and not lacking(backend):
            return backend
    which = f", which {trained_by} trained" if trained_by else ""
    raise PluginError(
        f"no backend here can compute this network{which}; `cnnbench plugins` lists what was found "
        "and what to install"
    )


def without_training(backend: Backend, precision: str = "float32") -> Optimization:
    """For a network that only predicts, with an optimiser that the backend has."""
    return Optimization(min(backend.capabilities.optimizers, default=""), precision=precision)


def lacking_to_explain(backend: Backend) -> str:
    """What heat maps need beside the network's layers and the backend lacks, "" if nothing."""
    able = backend.capabilities
    lacking = [] if "features" in able.outputs else ["output features"]
    return ", ".join([*lacking, *([] if able.gradients else ["gradients"])])


def open_engine(backend: Backend, device: Device) -> Engine:
    """The backend, opened in this process with all of its cores."""
    threads = usable_cores()
    os.environ.update(backend.environment(device, threads))
    return backend.open(device, threads)
