"""ONNX as the command line sees it, before the library that writes it is imported."""

from __future__ import annotations

from pathlib import Path

from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Availability
from cnnbench.plugin.exporter import Exporter
from cnnbench.plugin.surroundings import look_for


class OnnxExporter(Exporter):
    """Graphs that ONNX Runtime and others compute; no framework is needed to write them."""

    name = "onnx"
    description = "a graph of ONNX, for ONNX Runtime and others"

    def check(self) -> Availability:
        """Whether ONNX's own library is installed."""
        return look_for({"onnx": ("onnx",)}, 'pip install "cnnbench[onnx]"')

    def export(self, network: Network, weights: Weights, path: Path) -> None:
        """Write a graph with the input "images", of any number, and the output "probabilities"."""
        from cnnbench.winner.onnx_graph import onnx_model

        path.write_bytes(onnx_model(network, weights).SerializeToString())


BUILTIN_EXPORTERS: tuple[Exporter, ...] = (OnnxExporter(),)
