"""Keras 3 as cnnbench backends `torch`, `tensorflow` and `jax`, and Keras's data sets as a source.

This module is imported by every cnnbench command: it imports neither Keras nor a framework.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnbench.plugin import Backend, DataSource, hookimpl

CNNBENCH_INTERFACE = "1.0"
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
