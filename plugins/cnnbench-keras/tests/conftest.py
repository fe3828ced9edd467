"""What the tests of this plugin share."""

from __future__ import annotations

import pytest


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    """The folder in which Keras keeps data sets, empty."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    return folder
