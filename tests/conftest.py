"""A plugin with a backend that misbehaves on request, installed on a path of its own."""

import os
import textwrap

import pytest

PLUGIN = """
    import os, signal, time
    import numpy as np
    from cnnbench.plugin import hookimpl
    from cnnbench.plugin.backend import EpochResult
    from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel

    CNNBENCH_INTERFACE = "1.0"

    class Model(NumpyModel):
        def train_epoch(self, batches, learning_rate):
            if learning_rate == 9.0:
                os.kill(os.getpid(), signal.SIGKILL)
            if learning_rate == 8.0:
                time.sleep(600)
            if learning_rate == 7.0:
                raise RuntimeError("the kernel\\nfell over")
            if learning_rate == 6.0:
                return EpochResult(loss=float("nan"), penalty=0.0, correct=0, count=1)
            print("a framework that prints")
            return super().train_epoch(batches, learning_rate)

    class Engine(NumpyEngine):
        model = Model

    class Backend(NumpyBackend):
        name = "scripted"
        engine = Engine

    class Absent(NumpyBackend):
        name = "absent"
        def check(self):
            from cnnbench.plugin.backend import Availability
            return Availability(False, "its framework is not installed", "pip install it")

    class Stillborn(NumpyBackend):
        name = "stillborn"
        def open(self, device, threads):
            os._exit(3)

    @hookimpl
    def cnnbench_backends():
        return [Backend(), Absent(), Stillborn()]
"""

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
def scripted(tmp_path_factory):
    """A folder for PYTHONPATH that holds the plugin as pip would have installed it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "cnnbench_scripted.py").write_text(textwrap.dedent(PLUGIN))
    info = folder / "cnnbench_scripted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cnnbench-scripted\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cnnbench]\nscripted = cnnbench_scripted\n")
    return folder


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
