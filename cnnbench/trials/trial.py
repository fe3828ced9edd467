"""A trial, its seeds and its identity."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cnnbench.data.sources.source import Request
from cnnbench.network.network import Network
from cnnbench.recipe.configuration import Configuration
from cnnbench.trials.optimization import Optimization

Device = Literal["auto", "cpu", "gpu"]
Purpose = Literal["split", "weights", "order", "augmentation", "dropout"]

REVISION = 1
"""Raised when a change of the core changes what the same trial computes."""


class Trial(BaseModel):
    """One variant x replicate x fold x backend, with what planning found out about it.

    id: a hash of everything that can change the outcome (see `cnnbench.trials.expand`).
    source, request: where its images come from, and what is wanted of them. data: digest of the
    decoded images. network: what it trains, as built for them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str
    recipe: str
    variant: str
    replicate: int
    fold: int | None
    backend: str
    device: Device
    seed: int
    source: str
    request: Request
    data: str
    network: Network
    configuration: Configuration

    @property
    def optimization(self) -> Optimization:
        """What of its training section concerns a backend."""
        spec = self.configuration.training
        return Optimization(
            optimizer=spec.optimizer,
            momentum=spec.momentum,
            weight_decay=spec.weight_decay,
            precision=spec.precision,
        )

    def seed_for(self, purpose: Purpose) -> int:
        """A 63-bit seed, independent per purpose, shared by all variants and backends.

        Folds share a split (they are its parts); everything else differs between folds.
        """
        fold = None if purpose == "split" else self.fold
        return derive_seed(self.seed, self.replicate, fold, purpose)


def derive_seed(seed: int, replicate: int, fold: int | None, purpose: Purpose) -> int:
    """A 63-bit seed from a hash of its arguments, so that no two purposes share a stream."""
    text = json.dumps([seed, replicate, fold, purpose])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
