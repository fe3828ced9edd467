"""PyTorch without Keras as the cnnbench backend `torch-native`.

This module is imported by every cnnbench command: PyTorch itself is imported in `open` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from cnnbench.plugin.backend import Availability, Backend, Capabilities, Engine
from cnnbench.plugin.hooks import hookimpl

CNNBENCH_INTERFACE = "1.0"
"""The version of cnnbench's plugin interface that this plugin is written for."""

_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


class TorchNative(Backend):
    """PyTorch's own kernels and fused optimisers, on the CPU or one NVIDIA GPU."""

    name = "torch-native"
    title = "PyTorch"
    capabilities = Capabilities(
        devices=frozenset({"cpu", "gpu"}), precisions=frozenset({"float32", "bfloat16"})
    )

    def check(self) -> Availability:
        """Whether PyTorch is installed, and whether it could use a GPU here."""
        if find_spec("torch") is None:
            return Availability(
                available=False,
                reason="backend torch-native needs torch, which is not installed here",
                install="pip install torch",
            )
        torch = version("torch")
        cuda = _NVIDIA_DRIVER.exists() and not torch.endswith("+cpu")
        devices = ("cpu", "gpu") if cuda else ("cpu",)
        return Availability(available=True, versions={"torch": torch}, devices=devices)

    def environment(self, device: str, threads: int) -> Mapping[str, str]:
        """What the thread pools, the allocator and cuBLAS read once, when the process starts."""
        environment = {
            "OMP_NUM_THREADS": str(threads),
            "MKL_NUM_THREADS": str(threads),
            # Threads that wait by spinning for long steal the cores from whatever else runs: beside
            # three busy processes two threads then take 1.7 times as long, alone about the same.
            "GOMP_SPINCOUNT": "1000",
            # glibc would hand the memory of every large activation back to the kernel and fault it
            # in again, page by page, at the next step: over a quarter of a small network's time.
            "MALLOC_MMAP_MAX_": "0",
            "MALLOC_TRIM_THRESHOLD_": str(2**40),
            # A cuBLAS workspace of fixed size is what makes its sums come out the same every time.
            "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        }
        return environment | ({"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {})

    def open(self, device: str, threads: int) -> Engine:
        """Import PyTorch; raises PluginError for "gpu" where PyTorch finds none."""
        from cnnbench_torch_native._backend import TorchEngine

        return TorchEngine(device, threads)


@hookimpl
def cnnbench_backends() -> Iterable[Backend]:
    """The one backend."""
    return (TorchNative(),)
