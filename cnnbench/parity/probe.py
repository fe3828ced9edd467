"""What one backend computes of a trial, part by part, to be laid beside another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One training: its first epoch under a magnifying glass, and where it led.

    Probabilities are of the test images, float32, (n, classes): initial before training, epoch
    after the first epoch, final after the whole training. losses: of each step of the first epoch,
    before the step is taken, (steps,). passes: of each whole epoch, the first ones alone where
    right backends may branch, (epochs,). Losses include penalties. All of that is taken without
    dropout, the whole training with it: masked are the losses of its first epochs, none if there
    is no dropout.
    """

    initial: NDArray[np.float32]
    losses: NDArray[np.float64]
    epoch: NDArray[np.float32]
    passes: NDArray[np.float64]
    masked: NDArray[np.float64]
    final: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Probe:
    """A trial on one backend.

    course: None if it failed, for the reason given. nudged: the same from initial weights that are
    moved a little, which shows what rounding alone does; only of the reference backend. branching:
    whether two right backends may go different ways, so that of the whole training only the
    accuracy can be compared.
    """

    variant: str
    replicate: int
    backend: str
    precision: str
    branching: bool = False
    course: Trajectory | None = None
    nudged: tuple[Trajectory, ...] = ()
    labels: NDArray[np.int32] | None = None
    reason: str = ""
