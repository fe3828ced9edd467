"""What is imported before a plugin is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("module", ["cnnbench.plugin", "cnnbench.loading.manager"])
def test_what_an_author_imports_is_light(module):
    heavy = {"pandas", "scipy", "sklearn", "cv2", "PIL", "rich", "typer"}
    heavy |= {"keras", "torch", "tensorflow", "jax"}
    code = f"import {module}, sys; print(sorted({heavy!r} & set(sys.modules)))"
    assert _python(code) == "[]"


def test_loading_plugins_imports_no_framework_and_no_pandas():
    code = (
        "from cnnbench.loading.manager import load_plugins; import sys; load_plugins();"
        "print(sorted({'keras', 'torch', 'tensorflow', 'jax', 'pandas', 'scipy', 'sklearn', 'cv2'}"
        " & set(sys.modules)))"
    )
    assert _python(code) == "[]"


def test_the_help_loads_no_plugins(tmp_path: Path):
    (tmp_path / "poison.py").write_text("raise SystemExit('imported')")
    info = tmp_path / "poison-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: poison\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[cnnbench]\npoison = poison\n")
    code = (
        "import sys; sys.argv = ['cnnbench', '--help']\n"
        "from cnnbench.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'poison', 'pluggy', 'cnnbench.plugin', 'numpy'} & set(sys.modules)))"
    )
    assert _python(code, path=tmp_path).splitlines()[-1] == "[]"


def _python(code: str, path: Path | None = None) -> str:
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()
