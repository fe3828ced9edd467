"""PyTorch without Keras as the cnnbench backend `torch-native`.

This module is imported by every cnnbench command: PyTorch itself is imported in `open` alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from cnnbench.plugin import (
    Availability,
    Backend,
    Capabilities,
    Engine,
    hookimpl,
    look_for,
)

CNNBENCH_INTERFACE = "1.2"
"""The version of cnnbench's plugin interface that this plugin is written for."""


class TorchNative(Backend):
    """PyTorch's own kernels and fused optimisers, on the CPU or one NVIDIA GPU."""

    name = "torch-native"
    title = "PyTorch"
    capabilities = Capabilities(
        devices=frozenset({"cpu", "gpu"}),
        precisions=frozenset({"float32", "bfloat16"}),
        stacked=True,
        gradients=True,
    )

    def check(self) -> Availability:
        """Whether PyTorch is installed, and whether it could use a GPU here."""
        return look_for(
            {"torch": ("torch",)}, "pip install torch", lambda x: not x["torch"].endswith("+cpu")
        )

    def open(self, device: str, threads: int) -> Engine:
        """Import PyTorch; raises PluginError for "gpu" where PyTorch finds none."""
        from cnnbench_torch_native._backend import TorchEngine

        return TorchEngine(device, threads)


@hookimpl
def cnnbench_backends() -> Iterable[Backend]:
    """The one backend."""
    return (TorchNative(),)
