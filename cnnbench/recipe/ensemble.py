"""The `[ensemble]` section of a recipe: several networks that answer together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from cnnbench.data.spec import Section
from cnnbench.errors import did_you_mean
from cnnbench.recipe.training import Schedule
from cnnbench.recipe.transfer import Stage

if TYPE_CHECKING:
    from cnnbench.recipe.configuration import Configuration

Method = Literal["none", "average", "bagging", "stacking", "boosting", "snapshot"]


class EnsembleSpec(Section):
    """How many networks answer together, and how they differ."""

    method: Method = Field(
        "none",
        description="average: mean probabilities of networks that differ in their seeds, or of the "
        "variants in `of`; bagging: each network has a bootstrap sample of the training images; "
        "stacking: a logistic regression on what the variants in `of` predict; boosting: one "
        "network after the other, each with more weight on what those before got wrong; snapshot: "
        "one training whose learning rate goes down several times, the network at the end of each",
    )
    members: Annotated[int, Field(ge=2, le=1000)] = Field(
        5, description="networks; of average with `of`, and of stacking, one for each variant there"
    )
    of: tuple[str, ...] = Field(
        (), description="of average and stacking: names of the variants that answer together"
    )
    folds: Annotated[int, Field(ge=2, le=1000)] = Field(
        5,
        description="of stacking: parts of the training images, each predicted by networks that "
        "were trained on the others",
    )

    @property
    def combines(self) -> bool:
        """Whether its networks are trials of their own, and the answer is made of theirs."""
        return self.method in ("average", "bagging", "stacking")

    @property
    def way(self) -> str:
        """What decides, beside the networks, what is made of trials; "" where nothing is.

        Keys without an effect don't count, nor does the order of the variants.
        """
        if not self.combines:
            return ""
        folds = self.folds if self.method == "stacking" else 0
        return json.dumps([self.method, folds, sorted(self.of) or self.members])

    @property
    def rounds(self) -> int:
        """Networks that one trial trains, one after the other."""
        return self.members if self.method == "boosting" else 1

    def parts(self, stage: Stage) -> tuple[Stage, ...]:
        """What one training consists of: of snapshots, equal parts.

        In each of them the learning rate starts anew and goes down along half a cosine wave (Huang
        et al. 2017, eq. 2; here once an epoch).
        """
        if self.method != "snapshot":
            return (stage,)
        changed = {
            "epochs": stage.training.epochs // self.members,
            "schedule": Schedule(kind="cosine"),
        }
        part = replace(stage, training=stage.training.model_copy(update=changed))
        return (part,) * self.members


def ensemble_complaints(
    name: str, variants: Mapping[str, Configuration]
) -> Iterator[tuple[str, str]]:
    """What stands against the ensemble of a variant: the key to blame and why."""
    configuration = variants[name]
    spec = configuration.ensemble
    if spec.of and spec.method not in ("average", "stacking"):
        message = (
            f'has no effect on method = "{spec.method}", whose networks are all of this variant: '
            'leave it out, or choose method = "average" or "stacking"'
        )
        yield "of", message
        return
    if spec.method == "stacking" and not spec.of:
        message = (
            "stacking learns from what other variants predict: name them, e.g. "
            'ensemble.of = ["baseline", "dropout"]'
        )
        yield "method", message
    if len(set(spec.of)) < len(spec.of) or len(spec.of) == 1:
        yield "of", "names the variants that answer together: two or more, each once"
    for other in spec.of:
        if message := _unfit(other, name, variants):
            yield "of", message
    if spec.method == "snapshot":
        yield from _unfit_for_snapshots(configuration)


def _unfit(other: str, name: str, variants: Mapping[str, Configuration]) -> str:
    """Why a variant can't be a part of another one's ensemble, "" if it can."""
    if other not in variants:
        return f"there is no variant {other!r}{did_you_mean(other, [*variants], 'variants')}"
    if variants[other].ensemble.combines:
        return f"{other} is itself made of other networks: name those that are trained"
    if variants[other].tune.active:
        return (
            f"{other} is tuned, and an ensemble would take its first candidate in place of the one "
            "chosen: name variants with tune.candidates = 0 and tune.space = []"
        )
    mine, its = variants[name], variants[other]
    if _images(mine) != _images(its):
        return (
            f"{other} is trained or tested on other data than {name}: give both the same [data] "
            "and evaluation.folds"
        )
    return ""


def _images(configuration: Configuration) -> object:
    """What decides which images are in which split."""
    data = configuration.data.model_dump(exclude={"normalization"})
    return data, configuration.evaluation.folds


def _unfit_for_snapshots(configuration: Configuration) -> Iterator[tuple[str, str]]:
    training, members = configuration.training, configuration.ensemble.members
    if training.epochs % members:
        message = (
            f"{training.epochs} epochs can't be divided into {members} equal parts, one for each "
            "snapshot: change training.epochs or this"
        )
        yield "members", message
    schedule = training.schedule
    scheduled = schedule.kind != "constant" or schedule.warmup_epochs
    if scheduled or training.early_stopping.patience:
        message = (
            "snapshots have a learning rate of their own, down half a cosine wave for each of "
            "them: leave out training.schedule and training.early_stopping"
        )
        yield "method", message
    if training.averaging.active:
        message = (
            "a snapshot is one network of a training, an average is of many epochs: leave out "
            "training.averaging"
        )
        yield "method", message
    if configuration.transfer.active and configuration.transfer.strategy in ("partial", "full"):
        message = (
            "snapshots are of one training, and fine-tuning has two: choose transfer.strategy "
            '"features", "frozen" or "scratch"'
        )
        yield "method", message
