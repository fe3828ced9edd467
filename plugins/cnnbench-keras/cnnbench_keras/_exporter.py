"""The exporter as the core sees it before any framework is imported."""

from __future__ import annotations

import sys
from pathlib import Path

from cnnbench.plugin import Availability, Exporter, Network, PluginError, Weights
from cnnbench_keras._backends import JaxBackend, KerasBackend, TensorflowBackend, TorchBackend

BACKENDS: tuple[KerasBackend, ...] = (TorchBackend(), TensorflowBackend(), JaxBackend())


class KerasExporter(Exporter):
    """Files that `keras.models.load_model` reads on any of its frameworks."""

    name = "keras"
    description = "a model of Keras 3"

    def check(self) -> Availability:
        """Whether Keras and one of its frameworks are installed."""
        answers = [backend.check() for backend in BACKENDS]
        return next((x for x in answers if x.available), answers[0])

    def export(self, network: Network, weights: Weights, path: Path) -> None:
        """Write the file, on whichever framework is installed, or runs already."""
        if "keras" not in sys.modules:  # it can't change its framework any more
            usable = [backend for backend in BACKENDS if backend.check().available]
            if not usable:
                raise PluginError("Keras has no framework here to write with")
            usable[0].open("cpu", 1)
        from cnnbench_keras._export import save_keras

        save_keras(network, weights, path)
