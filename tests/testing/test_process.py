"""Checks run in a process of their own, and a backend that breaks it fails that check alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cnnbench.testing import CHECKS
from cnnbench.testing.finding import CheckResult
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel
from cnnbench.testing.process import CheckProcess
from cnnbench.testing.target import target_name

pytestmark = pytest.mark.slow

CHECK = {check.name: check for check in CHECKS}


class DyingModel(NumpyModel):
    def predict(self, batches):
        print("the framework's last words", flush=True)
        os._exit(3)


class DyingEngine(NumpyEngine):
    model = DyingModel


class DyingBackend(NumpyBackend):
    engine = DyingEngine


class HangingModel(NumpyModel):
    def predict(self, batches):
        time.sleep(60)


class HangingEngine(NumpyEngine):
    model = HangingModel


class HangingBackend(NumpyBackend):
    engine = HangingEngine


class PrintingModel(NumpyModel):
    def predict(self, batches):
        print("progress: 100 %")
        os.system("echo a line from below Python")  # noqa: S605 - fixed text
        return super().predict(batches)


class PrintingEngine(NumpyEngine):
    model = PrintingModel


class PrintingBackend(NumpyBackend):
    engine = PrintingEngine


class BackendWithEnvironment(NumpyBackend):
    def environment(self, device, threads):
        return {"MINE": f"{device} {threads}"}

    def open(self, device, threads):
        assert os.environ["MINE"] == f"{device} {threads}"
        return super().open(device, threads)


class RaisingModel(NumpyModel):
    def predict(self, batches):
        raise RuntimeError("no such kernel")


class RaisingEngine(NumpyEngine):
    model = RaisingModel


class RaisingBackend(NumpyBackend):
    engine = RaisingEngine


def test_a_backend_that_kills_the_process_fails_one_check():
    with CheckProcess(target_name(DyingBackend)) as process:
        died, trained = process.run(CHECK["dense"]), process.run(CHECK["adam"])
    assert died.verdict is CheckResult.FAILED
    assert "exit code 3" in died.reason
    assert "the framework's last words" in died.reason
    assert trained.verdict is CheckResult.PASSED


def test_a_backend_that_hangs_fails_one_check():
    with CheckProcess(target_name(HangingBackend), patience=3) as process:
        hung, trained = process.run(CHECK["dense"]), process.run(CHECK["adam"])
    assert hung.verdict is CheckResult.FAILED
    assert hung.reason == "the check did not end within 3 s"
    assert trained.verdict is CheckResult.PASSED


def test_what_a_backend_prints_does_not_disturb_the_findings():
    with CheckProcess(target_name(PrintingBackend)) as process:
        assert process.run(CHECK["dense"]).verdict is CheckResult.PASSED


def test_the_process_starts_with_the_environment_that_the_backend_asks_for():
    assert "MINE" not in os.environ
    with CheckProcess(target_name(BackendWithEnvironment), device="auto", threads=2) as process:
        assert process.run(CHECK["dense"]).verdict is CheckResult.PASSED


def test_an_exception_is_a_finding_with_its_place_and_traceback():
    with CheckProcess(target_name(RaisingBackend)) as process:
        finding = process.run(CHECK["dense"])
    assert finding.verdict is CheckResult.FAILED
    assert "raised RuntimeError: no such kernel (test_process.py:" in finding.reason
    assert finding.traceback.rstrip().endswith("RuntimeError: no such kernel")
    assert Path(__file__).name in finding.traceback
