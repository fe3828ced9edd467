"""A trial, its seeds and its identity."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cnnbench.data.sources.source import Request
from cnnbench.network.network import Network
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.training import Precision
from cnnbench.recipe.transfer import Stage
from cnnbench.trials.member import Member
from cnnbench.trials.optimization import Optimization

Device = Literal["auto", "cpu", "gpu"]
Purpose = Literal["split", "weights", "order", "augmentation", "dropout", "bootstrap"]

REVISION = 1
"""Raised when a change of the core changes what the same trial computes."""


class Trial(BaseModel):
    """One variant x replicate x fold x backend, with what planning found out about it.

    id: a hash of everything that can change the outcome (see `cnnbench.trials.expand`).
    source, request: where its images come from, and what is wanted of them. data: digest of the
    decoded images. network: what it trains, as built for them. arrays: what a base starts from.
    stages: what of a base moves when, empty without one. starts_from: id of the trial that trains
    the base, "" where the study trains none; the arrays have a file once it has ended. member: for
    which network of an ensemble it is trained, None if for a variant itself. keeps_weights: whether
    its outcome brings the arrays that it was judged with. validates: whether validation images are
    kept apart, or trained on with the others once all is decided.
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
    arrays: FoundArrays | None = None
    stages: tuple[Stage, ...] = ()
    starts_from: str = ""
    member: Member | None = None
    keeps_weights: bool = False
    validates: bool = True

    @property
    def schedule(self) -> tuple[Stage, ...]:
        """What is trained, one after the other: mostly everything at once."""
        return self.stages or (Stage(frozenset(), self.configuration.training),)

    @property
    def is_base(self) -> bool:
        """Whether others start from what it trains."""
        return self.member is not None and bool(self.member.base)

    @property
    def place(self) -> str:
        """Which one it is, for people: variant, replicate and fold from 1, network."""
        fold = "" if self.fold is None else f", fold {self.fold + 1}"
        member = f", {self.member.label}" if self.member and not self.is_base else ""
        return f"{self.variant}, replicate {self.replicate + 1}{fold}{member}"

    @property
    def epochs(self) -> int:
        """How many it trains at most, in all."""
        rounds = self.configuration.ensemble.rounds
        return rounds * sum(stage.training.epochs for stage in self.schedule)

    @property
    def precision(self) -> Precision:
        """What it computes in."""
        return self.configuration.training.precision

    @property
    def optimization(self) -> Optimization:
        """What of its training section concerns a backend, in the last stage."""
        return self.optimization_of(self.schedule[-1])

    def optimization_of(self, stage: Stage) -> Optimization:
        """How the weights move in a stage."""
        spec = stage.training
        return Optimization(
            optimizer=spec.optimizer,
            momentum=spec.momentum,
            weight_decay=spec.weight_decay,
            nesterov=spec.nesterov,
            initial_accumulator_value=spec.initial_accumulator_value,
            global_clipnorm=spec.global_clipnorm,
            precision=spec.precision,
            soft_labels=self.configuration.soft_labels,
            frozen=stage.frozen,
        )

    def seed_for(self, purpose: Purpose) -> int:
        """A 63-bit seed, independent per purpose, shared by all variants and backends.

        Folds share a split (they are its parts), and so do the networks of an ensemble; everything
        else differs between them.
        """
        if purpose == "split":
            return derive_seed(self.seed, self.replicate, None, purpose)
        number = self.member.number if self.member else 0
        return derive_seed(self.seed, self.replicate, self.fold, purpose, number)


def derive_seed(
    seed: int, replicate: int, fold: int | None, purpose: Purpose, member: int = 0
) -> int:
    """A 63-bit seed from a hash of its arguments, so that no two purposes share a stream.

    member: of an ensemble; the first has the seeds of a network by itself.
    """
    text = json.dumps([seed, replicate, fold, purpose, *([member] if member else [])])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
