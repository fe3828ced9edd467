"""A Python environment on top of the one that runs the tests, for plugins to come and go."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

SCRIPT = """#!{python}
from cnnbench.cli import main

main()
"""


class Workshop:
    """folder: empty, commands run in it. What it installs stays in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        home = folder / "environment"
        venv.create(home, with_pip=False, symlinks=True)
        self.bin = home / "bin"
        (site,) = home.glob("lib/python*/site-packages")
        beneath = sysconfig.get_path("purelib")
        (site / "beneath.pth").write_text(f"import site; site.addsitedir({beneath!r})\n")
        program = self.bin / "cnnbench"
        program.write_text(SCRIPT.format(python=self.bin / "python"))
        program.chmod(0o755)

    def start(self, command: str, *, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a shell command with this environment's programs first, and wide tables."""
        environment = {
            **os.environ,
            "PATH": f"{self.bin}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "200",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_CACHE_DIR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(  # noqa: S602 - commands read as in the documentation
            command.replace("pip install", "pip install --no-index --no-build-isolation"),
            shell=True,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=environment,
            timeout=timeout,
        )

    def run(self, command: str, *, timeout: float = 300) -> str:
        """Run a command that must succeed; returns its output."""
        done = self.start(command, timeout=timeout)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """An environment of its own for one test."""
    return Workshop(tmp_path)
