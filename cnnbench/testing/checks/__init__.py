"""The checks, a file a subject, collected in `CHECKS`."""

from cnnbench.testing.checks import forward, gradients, objective, optimizers, weights
from cnnbench.testing.finding import Check

CHECKS: tuple[Check, ...] = (
    *weights.CHECKS,
    *forward.CHECKS,
    *objective.CHECKS,
    *gradients.CHECKS,
    *optimizers.CHECKS,
)
"""All of them, in the order in which a backend grows."""
