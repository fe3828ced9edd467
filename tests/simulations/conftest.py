from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _module(name):
    """A file of this folder, which a script uses, too."""
    file = Path(__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"cnnbench_simulated_{name}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def simulate():
    """The function of studies.py."""
    return _module("studies").simulate


@pytest.fixture(scope="session")
def simulated_images():
    """The module images.py."""
    return _module("images")


@pytest.fixture(scope="session")
def bursts():
    """The module bursts.py."""
    return _module("bursts")
