"""What one backend computes of a trial, step by step, to be laid beside another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Steps:
    """The first epoch under a magnifying glass.

    initial: probabilities of the test images before training, float32, (n, classes).
    losses: of each step's batch before the step is taken, penalties included, (steps,).
    """

    initial: NDArray[np.float32]
    losses: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Probe:
    """A trial on one backend.

    steps: None if it failed, for the reason given. nudged: the same from initial weights that each
    differ by one unit in the last place, which shows what rounding alone does; only of the
    reference backend. final: probabilities of the test images after the whole training. random:
    whether the network draws dropout masks, which are each backend's own.
    """

    variant: str
    replicate: int
    backend: str
    steps: Steps | None
    nudged: Steps | None
    final: NDArray[np.float32] | None
    labels: NDArray[np.int32] | None
    random: bool
    reason: str = ""
