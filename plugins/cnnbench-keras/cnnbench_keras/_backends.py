"""The three backends as the core sees them before any framework is imported."""

from __future__ import annotations

import dataclasses
import os
import sys
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from cnnbench.plugin import (
    Availability,
    Backend,
    Capabilities,
    Engine,
    PluginError,
    installed_version,
    look_for,
)


class KerasBackend(Backend):
    """Keras 3 on one framework. Keras reads KERAS_BACKEND once, so a process has one of them."""

    capabilities = Capabilities(
        devices=frozenset({"cpu", "gpu"}),
        precisions=frozenset({"float32", "bfloat16"}),
        gradients=True,
    )
    distributions: ClassVar[tuple[str, ...]]
    """Names under which the framework may be installed, the usual one first."""
    computing: ClassVar[tuple[str, ...]] = ()
    """Other distributions that compute for it and come with it."""

    def check(self) -> Availability:
        """Whether Keras and the framework are installed, and for which devices."""
        found = look_for(
            {"keras": ("keras",), self.name: self.distributions},
            f'pip install "cnnbench-keras[{self.name}]"',
            self._has_cuda,
        )
        others = filter(None, (installed_version((name,)) for name in self.computing))
        return dataclasses.replace(found, versions={**found.versions, **dict(others)})

    def environment(self, device: str, threads: int) -> Mapping[str, str]:
        """What Keras, the framework and its thread pools read when they are first imported."""
        own = self._environment(device, threads)
        return {**super().environment(device, threads), "KERAS_BACKEND": self.name, **own}

    def open(self, device: str, threads: int) -> Engine:
        """Import Keras and the framework; raises PluginError if this process can't have them."""
        available = self.check()
        if not available.available:
            raise PluginError(f"{available.reason}: {available.install}")
        if device == "gpu" and "gpu" not in available.devices:
            raise PluginError(
                f'backend {self.name} finds no GPU here: use device "cpu", or install a build of '
                f"{self.distributions[0]} for your GPU and its driver"
            )
        keras = sys.modules.get("keras")
        if keras is None:
            os.environ.update(self.environment(device, threads))
        elif keras.config.backend() != self.name:
            raise PluginError(
                f"this process already runs Keras on {keras.config.backend()}, and Keras can't "
                f"change to {self.name}: open it in another process (the default executor does)"
            )
        chosen = "gpu" if device != "cpu" and "gpu" in available.devices else "cpu"
        return self._open(chosen, threads, available.versions)

    @abstractmethod
    def _has_cuda(self, versions: Mapping[str, str]) -> bool:
        """Whether the installed build can use an NVIDIA GPU."""

    @abstractmethod
    def _environment(self, device: str, threads: int) -> Mapping[str, str]:
        """The framework's own variables."""

    @abstractmethod
    def _open(self, device: str, threads: int, versions: Mapping[str, str]) -> Engine:
        """Import the framework on "cpu" or "gpu"."""


class TorchBackend(KerasBackend):
    """Keras 3 on PyTorch."""

    name = "torch"
    title = "Keras 3 on PyTorch"
    distributions = ("torch",)

    def _has_cuda(self, versions: Mapping[str, str]) -> bool:
        return not versions["torch"].endswith("+cpu")

    def _environment(self, device: str, threads: int) -> Mapping[str, str]:  # noqa: ARG002 - set in open
        return {"KERAS_TORCH_DEVICE": "cpu"} if device == "cpu" else {}

    def _open(self, device: str, threads: int, versions: Mapping[str, str]) -> Engine:
        from cnnbench_keras._torch import TorchEngine

        return TorchEngine(device, threads, versions)


class TensorflowBackend(KerasBackend):
    """Keras 3 on TensorFlow."""

    name = "tensorflow"
    title = "Keras 3 on TensorFlow"
    distributions = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")

    def _has_cuda(self, versions: Mapping[str, str]) -> bool:
        return "tensorflow" in versions

    def _environment(self, device: str, threads: int) -> Mapping[str, str]:  # noqa: ARG002 - set in open
        return {
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_NUM_INTRAOP_THREADS": str(threads),
            "TF_NUM_INTEROP_THREADS": "1",
            # Its kernels do a training step in half the time of TensorFlow's own.
            "TF_ENABLE_ONEDNN_OPTS": "1",
            # Other workers share the GPU.
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        }

    def _open(self, device: str, threads: int, versions: Mapping[str, str]) -> Engine:
        from cnnbench_keras._tensorflow import TensorflowEngine

        return TensorflowEngine(device, threads, versions)


class JaxBackend(KerasBackend):
    """Keras 3 on JAX."""

    name = "jax"
    title = "Keras 3 on JAX"
    capabilities = dataclasses.replace(KerasBackend.capabilities, stacked=True)
    distributions = ("jax",)
    computing = ("jaxlib",)

    def _has_cuda(self, versions: Mapping[str, str]) -> bool:  # noqa: ARG002 - a separate distribution
        return installed_version(("jax-cuda13-plugin", "jax-cuda12-plugin")) is not None

    def _environment(self, device: str, threads: int) -> Mapping[str, str]:
        flags = [os.environ.get("XLA_FLAGS", "")]
        if threads == 1:
            flags.append("--xla_cpu_multi_thread_eigen=false")
        if device != "cpu":
            flags.append("--xla_gpu_deterministic_ops=true")
        environment = {
            # XLA makes a thread pool of this size.
            "NPROC": str(threads),
            "XLA_FLAGS": " ".join(flags).strip(),
            # Other workers share the GPU.
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        }
        if device == "cpu":
            environment["JAX_PLATFORMS"] = "cpu"
        return environment

    def _open(self, device: str, threads: int, versions: Mapping[str, str]) -> Engine:  # noqa: ARG002 - read by XLA
        from cnnbench_keras._jax import JaxEngine

        return JaxEngine(device, versions)
