"""The checks of executors as pytest tests."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from cnnbench.execution.executors import BUILTIN_EXECUTORS
from cnnbench.loading.guards import guarded
from cnnbench.loading.manager import load_plugins
from cnnbench.plugin.executor import Executor
from cnnbench.testing.executors import EXECUTOR_CHECKS
from cnnbench.testing.executors.check import ExecutorCheck
from cnnbench.testing.executors.rig import PATIENCE, ExecutorRig
from cnnbench.testing.finding import Failed, Unsupported


class ExecutorSuite:
    """Subclass it, name the executor, and run pytest: every check becomes a test.

        class TestMine(ExecutorSuite):
            executor = "mine"

    executor: what is typed after --executor, or, before there is a plugin, the class or a function
    that returns an Executor. patience: seconds that a run of a few small trials may take.

    The trials train nothing: a stand-in plays what can happen to a worker, and leaves what is known
    beforehand. So the checks need no framework, but cnnbench wherever the executor has workers, and
    a temporary folder that those share. Whatever an executor in this very process can't do is
    skipped.
    """

    executor: ClassVar[str | Callable[[], Executor]]
    patience: ClassVar[float] = PATIENCE

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Make a test of every check."""
        if "check" in metafunc.fixturenames:
            names = [check.name for check in EXECUTOR_CHECKS]
            metafunc.parametrize("check", EXECUTOR_CHECKS, ids=names)

    def test_executor(self, check: ExecutorCheck) -> None:
        """The executor has the property."""
        import pytest

        with tempfile.TemporaryDirectory(prefix="cnnbench-suite-") as folder:
            try:
                check.run(ExecutorRig(self._found(), Path(folder), self.patience))
            except Unsupported as missing:
                pytest.skip(f"{check.name}: {missing}")
            except Failed as failed:
                pytest.fail(f"Not so: {check.about}.\n\n{failed}", pytrace=False)

    def _found(self) -> Executor:
        """The executor, held to what every run holds it to."""
        import pytest

        if not hasattr(type(self), "executor"):
            pytest.fail(
                f"{type(self).__name__} does not say which executor to check: give it a line "
                'like executor = "mine"',
                pytrace=False,
            )
        # Looked up on the class itself: a function would turn into a method of an instance.
        target = vars(type(self)).get("executor", type(self).executor)
        if isinstance(target, str):
            return load_plugins(executors=BUILTIN_EXECUTORS).executor(target)
        found: Executor = guarded(target(), type(self).__name__)
        return found
