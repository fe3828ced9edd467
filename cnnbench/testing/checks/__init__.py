"""The checks, a file a subject, collected in `CHECKS`."""

from cnnbench.testing.checks import (
    batch_norm,
    declarations,
    dropout,
    forward,
    frozen,
    gradients,
    objective,
    optimizers,
    passes,
    precision,
    repetition,
    running,
    weights,
)
from cnnbench.testing.finding import Check

CHECKS: tuple[Check, ...] = (
    *declarations.CHECKS,
    *weights.CHECKS,
    *forward.CHECKS,
    *passes.CHECKS,
    *objective.CHECKS,
    *gradients.CHECKS,
    *optimizers.CHECKS,
    *batch_norm.CHECKS,
    *dropout.CHECKS,
    *frozen.CHECKS,
    *precision.CHECKS,
    *repetition.CHECKS,
    *running.CHECKS,
)
"""All of them, in the order in which a backend grows."""
