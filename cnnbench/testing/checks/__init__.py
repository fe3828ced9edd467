"""The checks, a file a subject, collected in `CHECKS`."""

from collections.abc import Mapping

from cnnbench.testing.checks import (
    batch_norm,
    declarations,
    dropout,
    forward,
    frozen,
    gradients,
    images,
    memory,
    objective,
    optimizers,
    passes,
    precision,
    repetition,
    running,
    stacked,
    stochastic_depth,
    weights,
)
from cnnbench.testing.finding import Check
from cnnbench.testing.samples import RATES

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
    *stochastic_depth.CHECKS,
    *frozen.CHECKS,
    *images.CHECKS,
    *precision.CHECKS,
    *repetition.CHECKS,
    *running.CHECKS,
    *stacked.CHECKS,
    *memory.CHECKS,
)
"""All of them, in the order in which a backend grows."""

ESSENTIAL: Mapping[str, tuple[str, ...]] = {
    "predictions": tuple(check.name for check in forward.CHECKS),
    "the loss": ("softmax-loss", "sigmoid"),
    "gradients": ("dense", *(check.name for check in gradients.CHECKS)),
    "optimisers": tuple(RATES),
}
"""What no backend does without, and the checks of it."""
