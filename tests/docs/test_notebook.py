"""The notebook for students runs from its first cell to its last."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

PATH = Path(__file__).parents[2] / "docs" / "notebooks" / "first_study.ipynb"


@pytest.mark.framework
@pytest.mark.slow
def test_the_notebook_runs_and_shows_its_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    book = nbformat.read(PATH, as_version=4)
    nbformat.validate(book)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(book, timeout=500, resources=resources).execute()

    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    printed = "".join(output.get("text", "") for output in outputs)
    shown = [output["data"] for output in outputs if "data" in output]
    assert "Collecting" not in printed  # what is installed is not installed again
    assert "conv 16, 3x3" in printed
    assert any(data.get("text/plain") == "9" for data in shown)
    assert any("svg" in data.get("text/html", "") and "dropout" in str(data) for data in shown)
    assert any("image/svg+xml" in data for data in shown)
    assert any("verdict" in data.get("text/plain", "") for data in shown)
    assert "<svg" in (tmp_path / "first.html").read_text(encoding="utf-8")


def test_the_notebook_is_kept_without_outputs():
    book = nbformat.read(PATH, as_version=4)
    assert all(not cell.get("outputs") for cell in book.cells)
