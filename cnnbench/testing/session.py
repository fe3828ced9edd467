"""Checking a whole backend, as `cnnbench check` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnnbench.errors import PluginError, did_you_mean
from cnnbench.loading.availability import check_availability
from cnnbench.testing.checks import CHECKS, ESSENTIAL
from cnnbench.testing.finding import Check, CheckResult, Finding
from cnnbench.testing.process import CheckProcess
from cnnbench.testing.target import find_backend


def select_checks(names: Sequence[str]) -> tuple[Check, ...]:
    """The checks of these names, all if none is given. Raises PluginError with the nearest name."""
    known = {check.name: check for check in CHECKS}
    for name in names:
        if name not in known:
            rest = did_you_mean(name, known, "checks")
            raise PluginError(f"there is no check {name!r}{rest}")
    return tuple(known[name] for name in names) or CHECKS


def unchecked_subjects(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The essential subjects of which every check ran into something that is not declared."""
    verdicts = {finding.name: finding.verdict for finding in findings}
    return tuple(
        subject
        for subject, names in ESSENTIAL.items()
        if all(verdicts.get(name) is CheckResult.UNSUPPORTED for name in names)
    )


def require_available(target: str) -> None:
    """Raise PluginError, with what to install, where the backend can't run."""
    answer = check_availability(find_backend(target))
    if not answer.available:
        remedy = f"; install it with: {answer.install}" if answer.install else ""
        raise PluginError(f"backend {target} is not available: {answer.reason}{remedy}")


def check_backend(
    target: str, checks: Sequence[Check] = CHECKS, *, device: str = "cpu", threads: int = 1
) -> Iterator[Finding]:
    """Run the checks in one process of their own, and yield each finding as it comes.

    Raises PluginError if the backend is unknown or not available, or refuses the device.
    """
    require_available(target)
    with CheckProcess(target, device, threads) as process:
        for check in checks:
            yield process.run(check)
