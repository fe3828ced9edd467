"""What a backend's author needs to prove it right.

With pytest, in the plugin's own tests:

    from cnnbench.testing import BackendSuite

    class TestMine(BackendSuite):
        backend = "mine"

Without: `cnnbench check mine`. Both run `CHECKS`, small functions that put the backend beside a
slow NumPy reference (`cnnbench.testing.reference`) on tiny networks and say what differs.
`cnnbench.testing.numpy_backend` is that reference behind the backend interface: a whole backend to
read, and one that passes.

An executor is proved by `ExecutorSuite` in the same way, on trials of a `StandIn` that trains
nothing; `EXECUTOR_CHECKS` are its properties.

Tests of other things: `load_plugins` finds what is installed, `example_trial` and `example_record`
make a small trial and its record for trackers and executors, `initial_weights` and `ArrayBatches`
make what a model is given, and `machine_without` pretends that a framework or a GPU is not there.
"""

from cnnbench.loading.manager import load_plugins
from cnnbench.network.weights import initial_weights
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.checks import CHECKS
from cnnbench.testing.example import example_record, example_trial
from cnnbench.testing.executor_suite import ExecutorSuite
from cnnbench.testing.executors import EXECUTOR_CHECKS
from cnnbench.testing.executors.stand_in import StandIn
from cnnbench.testing.finding import Check, CheckResult, Finding
from cnnbench.testing.machine import machine_without
from cnnbench.testing.suite import BackendSuite

__all__ = [
    "CHECKS",
    "EXECUTOR_CHECKS",
    "ArrayBatches",
    "BackendSuite",
    "Check",
    "CheckResult",
    "ExecutorSuite",
    "Finding",
    "StandIn",
    "example_record",
    "example_trial",
    "initial_weights",
    "load_plugins",
    "machine_without",
]
