"""What every command imports does without ray."""

from __future__ import annotations

import subprocess
import sys

from cnnbench.testing import load_plugins


def test_looking_for_plugins_imports_no_ray():
    code = "import sys, cnnbench_ray as r; r.RayExecutor().slots(); print('ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_address_is_the_one_given_else_that_of_the_environment(monkeypatch):
    executor = load_plugins().executor("ray")
    assert (executor.name, executor.argument, executor.slots()) == ("ray", "ADDRESS", None)
    from cnnbench_ray import RayExecutor

    assert RayExecutor().address == ""
    monkeypatch.setenv("CNNBENCH_RAY_ADDRESS", "10.0.0.1:6379")
    assert RayExecutor().address == "10.0.0.1:6379"
    assert RayExecutor("auto").address == "auto"
