"""What the tests of this plugin share."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cnnbench.testing import load_plugins


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    """The folder in which Keras keeps data sets, empty."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="session")
def observe(tmp_path_factory):
    """A function that gives what a backend did in a process of its own; see observe.py.

    Each process runs once: `observe("torch", "repeated")` is another, which does only that part.
    """

    @cache
    def run(name, part="observations"):
        backend = load_plugins().backend(name)
        answer = backend.check()
        if not answer.available:
            pytest.skip(f"{answer.reason}: {answer.install}")
        file = tmp_path_factory.mktemp("observed") / f"{name}-{part}.npz"
        # What one process compiled is not to be why another's bits are the same.
        anew = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
        subprocess.run(
            [sys.executable, Path(__file__).with_name("observe.py"), name, file, part],
            env={**os.environ, **backend.environment("cpu", 1), **anew},
            check=True,
        )
        with np.load(file) as arrays:
            return dict(arrays)

    return run
