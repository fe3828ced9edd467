from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def comparisons():
    """The module of comparisons written by hand."""
    spec = importlib.util.spec_from_file_location("comparisons", HERE / "comparisons.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def golden():
    """Compares text with a file; UPDATE_GOLDEN=1 writes the file instead, to be read in review."""

    def check(name, text):
        path = HERE / "golden" / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text)
        assert text == path.read_text()

    return check
