"""`cnnbench check`: a table, and an exit code that a script can use."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from cnnbench.cli.app import app
from cnnbench.errors import OptionsError, PluginError

NUMPY = "cnnbench.testing.numpy_backend:NumpyBackend"
WRONG = """
from cnnbench.plugin.backend import Availability, Capabilities
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel

class Model(NumpyModel):
    def set_weights(self, weights):
        raise RuntimeError("not yet")

class Engine(NumpyEngine):
    model = Model

class Wrong(NumpyBackend):
    engine = Engine
    capabilities = Capabilities(optimizers=frozenset({"sgd"}))

class WithoutLinear(NumpyBackend):
    capabilities = Capabilities(activations=frozenset({"relu"}))

class Absent(NumpyBackend):
    def check(self):
        return Availability(False, "mytorch is not installed", "pip install mytorch")
"""


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(app, ["check", *arguments])


@pytest.fixture
def wrong(tmp_path):
    file = tmp_path / "wrong.py"
    file.write_text(WRONG)
    return file


@pytest.mark.slow
def test_the_reference_passes_every_check(run):
    result = run(NUMPY)
    assert result.exit_code == 0, result.output
    assert " failed" not in result.output.splitlines()[-1]
    assert "2 declared unsupported" in result.output


@pytest.mark.slow
def test_a_failure_is_told_with_its_reason_and_ends_with_1(run, wrong):
    chosen = [f"--only={name}" for name in ("weight-round-trip", "adam", "dense")]
    result = run(f"{wrong}:Wrong", *chosen)
    assert result.exit_code == 1
    lines = {line.split()[0]: line for line in result.output.splitlines() if line.strip()}
    assert "failed" in lines["weight-round-trip"]
    assert "raised RuntimeError: not yet" in lines["weight-round-trip"]
    assert "unsupported" in lines["adam"]
    assert "declared as missing: optimizer adam" in lines["adam"]
    assert "passed" in lines["dense"]
    assert "1 passed, 1 failed, 1 declared unsupported in " in result.output
    assert "Traceback" not in result.output


def test_a_traceback_is_shown_on_request(run, wrong):
    result = run(f"{wrong}:Wrong", "--only=weight-round-trip", "--traceback")
    assert "Traceback (most recent call last)" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["numpi"], "there is no backend 'numpi'"),
        ([NUMPY, "--only", "adan"], "there is no check 'adan'; did you mean 'adam'?"),
    ],
)
def test_a_wrong_request_is_one_sentence(run, arguments, sentence):
    result = run(*arguments)
    assert isinstance(result.exception, PluginError)
    assert sentence in str(result.exception)


def test_a_device_that_the_backend_refuses_is_one_sentence(run):
    result = run(NUMPY, "--device", "gpu")
    assert isinstance(result.exception, PluginError)
    assert str(result.exception) == "backend numpy has no gpu: choose --device cpu"
    assert "failed" not in result.output


@pytest.mark.slow
def test_essentials_that_no_check_could_reach_are_said(run, wrong):
    result = run(f"{wrong}:WithoutLinear")
    assert "Not checked at all: predictions, the loss, gradients, optimisers." in result.output


def test_an_unknown_device_is_refused(run):
    result = run(NUMPY, "--only", "dense", "--device", "tpu")
    assert isinstance(result.exception, OptionsError)
    assert "expected auto, cpu or gpu" in str(result.exception)


def test_an_absent_framework_is_told_with_what_to_install(run, wrong):
    result = run(f"{wrong}:Absent")
    assert isinstance(result.exception, PluginError)
    assert "mytorch is not installed" in str(result.exception)
    assert "pip install mytorch" in str(result.exception)
