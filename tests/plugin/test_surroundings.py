"""What is installed is told from metadata; a worker's threads and memory are set beforehand."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cnnbench.plugin.surroundings import look_for
from cnnbench.plugin.worker_environment import worker_environment


@pytest.fixture
def driver(monkeypatch, tmp_path):
    monkeypatch.setattr("cnnbench.plugin.surroundings.NVIDIA_DRIVER", tmp_path)


def test_versions_are_those_of_the_first_distribution_that_is_there():
    found = look_for({"PIL": ("no-such-pillow", "pillow")}, "pip install pillow")
    assert found.available
    assert found.versions == {"pillow": version("pillow")}


def test_a_missing_module_comes_with_the_line_that_installs_it():
    found = look_for({"no_such_module": ("pillow",)}, "pip install it")
    assert not found.available
    assert (found.reason, found.install) == ("no_such_module is not installed", "pip install it")


def test_nothing_is_imported():
    sys.modules.pop("this", None)
    look_for({"this": ("pillow",)}, "")
    assert "this" not in sys.modules


def test_a_gpu_needs_a_driver_and_a_build_for_it(driver, monkeypatch):
    def devices(built_for_it):
        return look_for({"PIL": ("pillow",)}, "", lambda versions: built_for_it).devices

    assert devices(built_for_it=True) == ("cpu", "gpu")
    assert devices(built_for_it=False) == ("cpu",)
    monkeypatch.setattr("cnnbench.plugin.surroundings.NVIDIA_DRIVER", Path("/nowhere"))
    assert devices(built_for_it=True) == ("cpu",)


def test_only_a_worker_for_the_cpu_does_not_see_the_gpu():
    assert worker_environment("cpu", 2)["CUDA_VISIBLE_DEVICES"] == ""
    assert "CUDA_VISIBLE_DEVICES" not in worker_environment("auto", 2)
    assert worker_environment("auto", 2)["OMP_NUM_THREADS"] == "2"
