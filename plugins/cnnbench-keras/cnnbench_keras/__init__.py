"""Keras 3 as cnnbench backends `torch`, `tensorflow` and `jax`, its data sets, and its format.

This module is imported by every cnnbench command: it imports neither Keras nor a framework.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnbench.plugin import Backend, DataSource, Exporter, hookimpl

CNNBENCH_INTERFACE = "1.2"
"""The version of cnnbench's plugin interface that this plugin is written for."""


@hookimpl
def cnnbench_backends() -> Iterable[Backend]:
    """Keras 3 on each of its frameworks."""
    from cnnbench_keras._backends import JaxBackend, TensorflowBackend, TorchBackend

    return TorchBackend(), TensorflowBackend(), JaxBackend()


@hookimpl
def cnnbench_sources() -> Iterable[DataSource]:
    """Keras's data sets."""
    from cnnbench_keras._source import KerasDatasets

    return (KerasDatasets(),)


@hookimpl
def cnnbench_exporters() -> Iterable[Exporter]:
    """Keras's own format."""
    from cnnbench_keras._exporter import KerasExporter

    return (KerasExporter(),)
