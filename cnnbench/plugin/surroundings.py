"""What backends need to know of a machine before a framework is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from cnnbench.plugin.backend import Availability

NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def look_for(
    modules: Mapping[str, Sequence[str]],
    install: str,
    has_cuda: Callable[[Mapping[str, str]], bool] = lambda _: False,
) -> Availability:
    """Whether these modules are installed, told from metadata without importing them.

    modules: by name, the distributions that each may come from. install: the command to type where
    one is missing. has_cuda: from the versions by distribution, whether the installed build can use
    an NVIDIA GPU; only asked where there is a driver for one.
    """
    versions: dict[str, str] = {}
    for module, distributions in modules.items():
        found = installed_version(distributions)
        if found is None or find_spec(module) is None:
            reason = f"{module} is not installed"
            return Availability(available=False, reason=reason, install=install)
        versions[found[0]] = found[1]
    devices = ("cpu", "gpu") if NVIDIA_DRIVER.exists() and has_cuda(versions) else ("cpu",)
    return Availability(available=True, versions=versions, devices=devices)


def installed_version(distributions: Sequence[str]) -> tuple[str, str] | None:
    """Name and version of the first of these distributions that is installed."""
    for name in distributions:
        try:
            return name, version(name)
        except PackageNotFoundError:
            continue
    return None
