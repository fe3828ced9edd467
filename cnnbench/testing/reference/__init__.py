"""The arithmetic of the interface in plain NumPy and float64: slow, short, the specification.

A file a layer, with the way forward and the way back side by side; `model` strings them together.
Where a docstring of `cnnbench.network.layers` or `cnnbench.plugin.backend` leaves a doubt, this
code is the answer.
"""

from cnnbench.testing.reference.model import NODES, OUTPUTS, Reference, Step
from cnnbench.testing.reference.optimizers import RULES

__all__ = ["NODES", "OUTPUTS", "RULES", "Reference", "Step"]
