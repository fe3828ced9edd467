"""The suite as a pytest class. pytest is imported where it is needed: the core does without it."""

from __future__ import annotations

from typing import Any, ClassVar

from cnnbench.errors import PluginError
from cnnbench.loading.availability import check_availability
from cnnbench.testing.checks import CHECKS
from cnnbench.testing.finding import Check, CheckResult
from cnnbench.testing.process import CheckProcess
from cnnbench.testing.target import Target, find_backend, target_name


class BackendSuite:
    """Subclass it, name the backend, and run pytest: every check becomes a test.

        class TestMine(BackendSuite):
            backend = "mine"

    backend: the name under which the plugin is installed, or, before there is a plugin, the class
    or a function that returns a Backend. device, threads: as for `Backend.open`.

    The checks run in one process a class, which starts with the environment that the backend asks
    for. A check that needs what the backend declares as missing is skipped, and so are all of them
    where the framework is not installed, or where the device is "gpu" and there is none.
    """

    backend: ClassVar[Target]
    device: ClassVar[str] = "cpu"
    threads: ClassVar[int] = 1
    _process: ClassVar[CheckProcess | None] = None

    @classmethod
    def setup_class(cls) -> None:
        """Start the process, or skip the class."""
        import pytest

        if not hasattr(cls, "backend"):
            pytest.fail(
                f"{cls.__name__} does not say which backend to check: give it a line "
                'like backend = "mine"',
                pytrace=False,
            )
        # Looked up on the class itself: a function would turn into a method of an instance.
        target = target_name(cls.backend)
        answer = check_availability(find_backend(target))
        if not answer.available:
            pytest.skip(f"{answer.reason} {answer.install}".strip())
        cls._process = CheckProcess(target, cls.device, cls.threads)

    @classmethod
    def teardown_class(cls) -> None:
        """End the process."""
        if cls._process is not None:
            cls._process.close()
            cls._process = None

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Make a test of every check."""
        if "check" in metafunc.fixturenames:
            metafunc.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])

    def test_backend(self, check: Check) -> None:
        """The backend has the property."""
        import pytest

        assert self._process is not None, "started by setup_class"
        try:
            finding = self._process.run(check)
        except PluginError as refusal:
            (pytest.skip if self.device == "gpu" else pytest.fail)(str(refusal))
        if finding.verdict is CheckResult.UNSUPPORTED:
            pytest.skip(f"{check.name}: {finding.reason}")
        if finding.verdict is CheckResult.FAILED:
            parts = (f"Not so: {check.about}.", finding.reason, finding.traceback)
            pytest.fail("\n\n".join(filter(None, parts)), pytrace=False)
