"""A worker hears its starter alone: nothing that lies about is imported, no print is heard."""

import os

import pytest

import cnnbench
from cnnbench.errors import PluginError
from cnnbench.processes import sealed
from cnnbench.testing import CHECKS
from cnnbench.testing.process import CheckProcess

pytestmark = pytest.mark.usefixtures("scripted_path")
CHATTY = "print('welcome to the cluster')\nprint('{\"kind\": \"ready\"}', flush=True)\n"
SCRIBBLING = """
import contextlib, os
for line in map(int, os.listdir("/dev/fd")):  # whatever numbers the starter's own files left
    if line > 2:
        with contextlib.suppress(OSError):
            os.write(line, b"welcome\\n")
"""


@pytest.fixture
def at_start(tmp_path, monkeypatch):
    """Have every Python that is started from now on run some code first."""

    def write(code):
        folder = tmp_path / "site"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ['PYTHONPATH']}")

    return write


def statuses(path, tmp_path, **options):
    options = {"backend": "scripted", "results": tmp_path / "results"} | options
    return [record.status for record in cnnbench.run(path, **options)]


@pytest.mark.slow
def test_what_is_printed_when_python_starts_does_not_reach_the_starter(recipe, tmp_path, at_start):
    at_start(CHATTY)
    assert statuses(recipe(), tmp_path) == ["ok"] * 4


@pytest.mark.slow
def test_a_check_is_not_disturbed_by_it_either(at_start):
    at_start(CHATTY)
    repeatable = next(check for check in CHECKS if "process" in check.about)
    with CheckProcess("scripted") as process:
        assert process.run(CHECKS[0]).verdict == "passed"
        assert process.run(repeatable).verdict == "passed"


def test_a_worker_that_talks_nonsense_is_ended_and_named(recipe, tmp_path, at_start):
    at_start(SCRIBBLING)
    sentence = "workers for backend scripted don't come up: .* talked nonsense: .*welcome"
    with pytest.raises(PluginError, match=sentence):
        statuses(recipe(), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", f"{os.pathsep}", f".{os.pathsep}", f"./{os.pathsep}"])
def test_the_current_folder_is_imported_from_by_nobody(recipe, tmp_path, monkeypatch, path):
    here = tmp_path / "here"
    (here / "sklearn").mkdir(parents=True)
    for name in ("random", "queue", "numpy", "cnnbench", "json", "sklearn/__init__"):
        (here / f"{name}.py").write_text("raise ImportError('of the current folder')")
    monkeypatch.chdir(here)
    monkeypatch.setenv("PYTHONPATH", path + os.environ["PYTHONPATH"])
    assert statuses(recipe(), tmp_path) == ["ok"] * 4
    with CheckProcess("scripted") as process:
        assert process.run(CHECKS[0]).verdict == "passed"


def test_folders_that_the_user_named_are_imported_from():
    given = os.pathsep.join(["", "src", "/lib", ".", "./", "src/.."])
    assert sealed({"PYTHONPATH": given})["PYTHONPATH"] == os.pathsep.join(["src", "/lib"])
    assert not sealed({})["PYTHONPATH"]
