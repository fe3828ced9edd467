"""What is installed and which devices there are, found without importing a framework."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def installed_version(distributions: Sequence[str]) -> tuple[str, str] | None:
    """Name and version of the first of these distributions that is installed."""
    for name in distributions:
        try:
            return name, version(name)
        except PackageNotFoundError:
            continue
    return None


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA GPU could be used here by a framework that is built for it."""
    return _NVIDIA_DRIVER.exists()
