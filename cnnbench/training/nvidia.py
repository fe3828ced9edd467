"""Energy and utilisation of the NVIDIA GPU that this process computes on, by NVML.

NVML comes with the driver; its Python module, `pynvml`, with the optional nvidia-ml-py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any


class Gpu:
    """Counters of a GPU since it was last read.

    nvml: the module, initialised. handle: of the GPU.
    """

    def __init__(self, nvml: Any, handle: Any) -> None:
        self._nvml, self._handle = nvml, handle
        self._last = self._millijoules()

    def spent(self) -> float:
        """Joules since the last reading. Raises OSError."""
        now = self._millijoules()
        spent = (now - self._last) / 1000
        self._last = now
        return spent

    def utilization(self) -> float:
        """The share of the last moment, up to a second, in which something ran. Raises OSError."""
        try:
            return float(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu) / 100
        except self._nvml.NVMLError as error:
            raise OSError(f"NVML tells no utilisation: {error}") from None

    def _millijoules(self) -> int:
        try:
            return int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle))
        except self._nvml.NVMLError as error:
            raise OSError(f"NVML counts no energy on this GPU: {error}") from None


def find_gpu(environment: Mapping[str, str] = os.environ) -> Gpu:
    """The first GPU that CUDA shows to a process with this environment.

    Raises OSError where it can't be read, or not be told from others, with a sentence on why.
    """
    try:
        nvml = import_module("pynvml")
    except ImportError:
        raise OSError("nvidia-ml-py is not installed, which reads a GPU's counters") from None
    try:
        _initialise(nvml)
        return Gpu(nvml, _handle(nvml, environment))
    except nvml.NVMLError as error:
        raise OSError(f"NVML can't be used: {error}") from None


@cache
def _initialise(nvml: Any) -> None:
    """Once a process, which runs many trials."""
    nvml.nvmlInit()


def _handle(nvml: Any, environment: Mapping[str, str]) -> Any:
    """CUDA numbers GPUs from the fastest on unless told otherwise, NVML by their place."""
    handles = [nvml.nvmlDeviceGetHandleByIndex(at) for at in range(nvml.nvmlDeviceGetCount())]
    first = environment.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip()
    if first.startswith("GPU-"):
        found = [x for x in handles if _text(nvml.nvmlDeviceGetUUID(x)).startswith(first)]
    elif first.isdecimal():
        alike = len({_text(nvml.nvmlDeviceGetName(x)) for x in handles}) == 1
        by_place = alike or environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
        found = handles[int(first) : int(first) + 1] if by_place else []
    else:  # a part of one, or none
        found = []
    if len(found) != 1:
        raise OSError(
            "which of the GPUs computes can't be told: name it in CUDA_VISIBLE_DEVICES by its UUID"
        )
    return found[0]


def _text(name: str | bytes) -> str:
    """Older versions give bytes."""
    return name.decode() if isinstance(name, bytes) else name
