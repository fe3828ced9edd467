"""What a trial ran on: the machine and the versions that can change a number."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from cnnbench.processes import usable_cores
from cnnbench.results.processor import this_processor

_OPENCV = ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless")


def machine_environment() -> dict[str, object]:
    """The core's versions and the machine; whoever opens a backend adds its versions and device.

    processor and instructions: two processors, though of one name, may round the last bits of a
    result differently. memory_gib is rounded to 0.1, as the same machine reports a little more or
    less after each boot. machine: its name, as times of two machines can't be compared.
    """
    import psutil

    processor = this_processor()
    return {
        "cnnbench": version("cnnbench"),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "opencv": _opencv_version(),
        "os": platform.platform(),
        "machine": platform.node(),
        "cpu": processor.name,
        "processor": processor.identity,
        "instructions": processor.instructions,
        "cores": usable_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }


def environment_key(environment: Mapping[str, object]) -> str:
    """A short hash of the content, the same whatever the order of its entries."""
    return hashlib.sha256(environment_json(environment)).hexdigest()[:12]


def environment_json(environment: Mapping[str, object]) -> bytes:
    """The canonical text, as stored."""
    return json.dumps(environment, sort_keys=True, indent=1).encode() + b"\n"


def _opencv_version() -> str:
    for distribution in _OPENCV:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    import cv2  # built from source, without a distribution's name

    return str(cv2.__version__)
