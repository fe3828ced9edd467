from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def simulate():
    """The function of studies.py, which a script uses, too."""
    file = Path(__file__).parent / "studies.py"
    spec = importlib.util.spec_from_file_location("cnnbench_simulated_studies", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module.simulate
