"""For several rooms: a backend that misbehaves, and an environment for plugins to come and go."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest

from cnnbench.processes import made_for_good

# Before NumPy is imported, and for all that tests start: arrays as small as theirs take seven times
# as long where several threads of BLAS wait for each other beside other tests.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Workers of xdist are given one; what is printed to a pipe would be as narrow.
os.environ.pop("COLUMNS", None)

# The gate asks the same questions every time, so that what it says depends on the change alone;
# HYPOTHESIS_PROFILE=explore asks new ones, and remembers in .hypothesis/ what failed.
hypothesis.settings.register_profile("gate", derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("explore", print_blob=True, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


# What tests start, they start hundreds of times: it need not be compiled each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# What JAX compiles in one process, others need again: most of the time of its checks goes there.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _compiled = tempfile.mkdtemp(prefix="cnnbench-jax-")
    atexit.register(shutil.rmtree, _compiled, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _compiled
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays: the garbage collector walks none of it, now or between tests."""
    with made_for_good():
        return (yield)


def pytest_collection_modifyitems(items):
    """Mark what needs a framework, what is held against one and the page of a backend; share out.

    Processes that test get classes and modules with tests that take minutes first, then those with
    many tests, so that none goes on alone with the longest when the others have ended.
    """
    for item in items:
        if "_against_" in item.path.name or item.path.name == "test_backend_page.py":
            item.add_marker(pytest.mark.framework)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    sizes = Counter(map(_shared_out, items))
    long = {_shared_out(item) for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: (_shared_out(item) not in long, -sizes[_shared_out(item)]))


def _shared_out(item):
    """The class or module of a test, which one process gets as a whole (--dist loadscope)."""
    return item.nodeid.rpartition("::")[0]


RECIPE = """
title = "A tiny study"
replicates = 2
[data]
source = "digits"
train = 40
validation = 20
test = 30
[network]
filters = [2]
dense = []
head = "global_average"
[training]
epochs = 2
batch_size = 16
optimizer = "sgd"
learning_rate = 0.1
[[variant]]
name = "good"
[[variant]]
name = "other"
training.learning_rate = {rate}
"""


@pytest.fixture(scope="session")
def scripted_as(tmp_path_factory):
    """Make a folder for PYTHONPATH that holds a plugin as pip would have installed it."""

    def install(name, module):
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(module, folder / f"cnnbench_{name}.py")
        info = folder / f"cnnbench_{name}-1.0.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: cnnbench-{name}\nVersion: 1.0\n"
        (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_text(f"[cnnbench]\n{name} = cnnbench_{name}\n")
        return folder

    return install


@pytest.fixture(scope="session")
def scripted(scripted_as):
    """The plugin whose backends misbehave on request."""
    return scripted_as("scripted", Path(__file__).parent / "scripted_plugin.py")


@pytest.fixture
def scripted_path(scripted, monkeypatch):
    """The plugin found by this process and those it starts."""
    monkeypatch.syspath_prepend(str(scripted))
    paths = [str(scripted), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


@pytest.fixture
def recipe(tmp_path):
    """Write the tiny study with a learning rate for its second variant; return its path."""

    def write(rate=0.2):
        path = tmp_path / "tiny.toml"
        path.write_text(RECIPE.format(rate=rate))
        return path

    return write


@pytest.fixture
def besides_waiting():
    """Leave out of what was printed that a backend is waited for: a busy machine has it said."""

    def rest(text):
        lines = text.splitlines(keepends=True)
        return "".join(x for x in lines if not x.startswith("waiting for backend"))

    return rest


class Answer(NamedTuple):
    """What a command line came to, named as subprocess names it."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(capsys, monkeypatch, tmp_path):
    """Give a command line in a folder of its own and in this process, which spares starting one.

    columns: those of the terminal.
    """
    from cnnbench.cli import main

    monkeypatch.chdir(tmp_path)

    def give(*arguments, columns=200):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "argv", ["cnnbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Answer(ended.value.code, *capsys.readouterr())

    return give


SCRIPT = """#!{python}
from cnnbench.cli import main

if __name__ == "__main__":
    main()
"""


class Workshop:
    """An environment on top of the one that runs the tests; what it installs stays in it.

    folder: empty at first; commands run in it.
    """

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


@pytest.fixture(scope="module")
def shared_workshop(tmp_path_factory) -> Workshop:
    """An environment for the tests of a module."""
    return Workshop(tmp_path_factory.mktemp("workshop"))
