"""What a backend's author needs to prove it right.

With pytest, in the plugin's own tests:

    from cnnbench.testing import BackendSuite

    class TestMine(BackendSuite):
        backend = "mine"

Without: `cnnbench check mine`. Both run `CHECKS`, small functions that put the backend beside a
slow NumPy reference (`cnnbench.testing.reference`) on tiny networks and say what differs.
`cnnbench.testing.numpy_backend` is that reference behind the backend interface: a whole backend to
read, and one that passes.

Tests of other things: `load_plugins` finds what is installed, `example_trial` makes a small trial
for trackers and executors, `initial_weights` and `ArrayBatches` make what a model is given, and
`machine_without` pretends that a framework or a GPU is not there.
"""

from cnnbench.loading.manager import load_plugins
from cnnbench.network.weights import initial_weights
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.checks import CHECKS
from cnnbench.testing.example import example_trial
from cnnbench.testing.finding import Check, CheckResult, Finding
from cnnbench.testing.machine import machine_without
from cnnbench.testing.suite import BackendSuite

__all__ = [
    "CHECKS",
    "ArrayBatches",
    "BackendSuite",
    "Check",
    "CheckResult",
    "Finding",
    "example_trial",
    "initial_weights",
    "load_plugins",
    "machine_without",
]
