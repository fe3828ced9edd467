"""A check that nothing can fail is no check: an executor that is wrong in one thing fails it."""

import pytest
from wrong_executors import WRONG_EXECUTORS
from wrong_executors.ending import LEFT

from cnnbench.execution.inline import InlineExecutor
from cnnbench.loading.guards import guarded
from cnnbench.testing import EXECUTOR_CHECKS
from cnnbench.testing.executors.rig import ExecutorRig
from cnnbench.testing.finding import Failed

BY_NAME = {check.name: check for check in EXECUTOR_CHECKS}
PATIENCE = {"order": 20.0, "epochs": 6.0, "timeout": 12.0, "processes": 12.0, "close": 12.0}
"""Seconds that wrong ones are waited for; others end by themselves."""


@pytest.fixture
def rig(tmp_path):
    """Whatever it leaves running ends here."""

    def make(executor, patience=30.0):
        return ExecutorRig(guarded(executor(), "a test"), tmp_path, patience)

    yield make
    for pool in LEFT:
        pool.stop()
    LEFT.clear()


EACH = [
    pytest.param(
        wrong,
        id=str(wrong),
        marks=[] if issubclass(wrong.executor, InlineExecutor) else [pytest.mark.slow],
    )
    for wrong in WRONG_EXECUTORS
]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", EACH)
def test_a_wrong_executor_fails_the_check_meant_for_it(wrong, rig):
    with pytest.raises(Failed) as found:
        BY_NAME[wrong.caught_by].run(rig(wrong.executor, PATIENCE.get(wrong.caught_by, 30.0)))
    assert wrong.says in str(found.value)


def test_every_check_is_failed_by_a_wrong_executor():
    assert {wrong.caught_by for wrong in WRONG_EXECUTORS} == set(BY_NAME)
