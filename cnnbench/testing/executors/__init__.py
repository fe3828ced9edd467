"""The checks of executors, a file a subject, collected in `EXECUTOR_CHECKS`."""

from cnnbench.testing.executors import ending, limiting, telling
from cnnbench.testing.executors.check import ExecutorCheck

EXECUTOR_CHECKS: tuple[ExecutorCheck, ...] = (
    *telling.CHECKS,
    *limiting.CHECKS,
    *ending.CHECKS,
)
"""All of them, in the order in which an executor grows."""
