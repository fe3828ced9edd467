"""What a backend's author needs to prove it right.

With pytest, in the plugin's own tests:

    from cnnbench.testing import BackendSuite

    class TestMine(BackendSuite):
        backend = "mine"

Without: `cnnbench check mine`. Both run `CHECKS`, small functions that put the backend beside a
slow NumPy reference (`cnnbench.testing.reference`) on tiny networks and say what differs.
`cnnbench.testing.numpy_backend` is that reference behind the backend interface: a whole backend to
read, and one that passes. `example_trial` makes a small trial for tests of trackers and executors.
"""

from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.checks import CHECKS
from cnnbench.testing.example import example_trial
from cnnbench.testing.finding import Check, CheckResult, Finding
from cnnbench.testing.suite import BackendSuite

__all__ = [
    "CHECKS",
    "ArrayBatches",
    "BackendSuite",
    "Check",
    "CheckResult",
    "Finding",
    "example_trial",
]
