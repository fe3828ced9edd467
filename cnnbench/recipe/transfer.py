"""The `[transfer]` section of a recipe: a base, its arrays, and what of it may move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from cnnbench.data.spec import Section
from cnnbench.errors import NetworkError, did_you_mean
from cnnbench.network.bases.offered import PUBLISHED, OfferedBase, OfferedBases
from cnnbench.network.bases.points import first_of_last
from cnnbench.network.heads import HeadSpec, layers_before, normalizations, with_head
from cnnbench.network.network import Network
from cnnbench.pretrained.found import Padding
from cnnbench.recipe.training import Averaging, TrainingSpec

Scaling = Literal["none", "unit", "keras", "torch", "caffe", "lite"]
NO_BASE = "none"
OWN = "cnnbench:"
"""What the weights of a base begin with that the study trains itself, before its name."""
PUBLISHED_ARRAYS = "imagenet"
RANDOM = "random"
FINE = 100
"""How many times lower than the head's the rate of fine-tuning is, if not given."""
LARGEST_MINIMUM = 512
"""Pixels; a base that takes no image up to this size takes none for another reason."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs with one part of the network at rest.

    frozen: names of layers whose arrays don't move. training: epochs, learning rate and the like.
    rates: the learning rate of each epoch, where it is known beforehand and not scheduled.
    """

    frozen: frozenset[str]
    training: TrainingSpec
    rates: tuple[float, ...] = ()


class TransferSpec(Section):
    """A base trained on other images below a new head, in place of `[network]`."""

    base: str = Field(
        NO_BASE,
        description="the network to start from, as `cnnbench describe base:NAME` has it: "
        f"{', '.join(PUBLISHED)}, or one of a plugin",
    )
    weights: str = Field(
        PUBLISHED_ARRAYS,
        description="imagenet: as published, or as the base's plugin brings them; random; or the "
        f"path of a file of arrays; {OWN}NAME: the base that the section [pretrain.NAME] trains",
    )
    scaling: Scaling | None = Field(
        None, description="what a file's arrays take, where it does not say"
    )
    padding: Padding | None = Field(
        None,
        description="whose zero padding and epsilon of batch normalisation a file's arrays were "
        "trained with, where its format says something else",
    )
    strategy: Literal["features", "frozen", "partial", "full", "scratch"] = Field(
        "features",
        description="features: the base's outputs once an image, then the head; frozen: the base "
        "inside, not trained; partial: head first, then from unfreeze_from on, or the last "
        "unfreeze_last blocks; full: head first, "
        "then everything; scratch: the same network from random arrays",
    )
    unfreeze_from: str = Field(
        "",
        description="of strategy partial: the first layer of the base that moves, or what its name "
        "begins with: block5",
    )
    unfreeze_last: Annotated[int, Field(ge=0)] = Field(
        0,
        description="of strategy partial, in place of unfreeze_from: how many blocks of the base "
        "move, counted from its end, as `cnnbench describe base:NAME` lists them",
    )
    feature_precision: Literal["float32", "float16"] = Field(
        "float32",
        description="in which what is computed once is kept; float16 takes half the room, and has "
        "three digits",
    )
    batch_norm: Literal["frozen", "trained"] = Field(
        "frozen",
        description="batch normalisation of a base that is fine-tuned: frozen predicts as it was "
        "trained elsewhere",
    )
    head_epochs: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        10, description="of partial and full: epochs of the head alone, before training.epochs"
    )
    fine_tune_learning_rate: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="of partial and full: size of a step once the base moves; a hundredth of "
        "training's if not given",
    )
    head: HeadSpec = HeadSpec()

    @property
    def active(self) -> bool:
        """Whether there is a base at all."""
        return self.base != NO_BASE or self.is_own

    @property
    def is_own(self) -> bool:
        """Whether the base is one that the study trains itself."""
        return self.weights.startswith(OWN)

    @property
    def own(self) -> str:
        """The NAME of the `[pretrain.NAME]` that trains the base, "" if none does."""
        return self.weights.removeprefix(OWN) if self.is_own else ""

    @property
    def offered(self) -> str:
        """The name of the base among those that are offered."""
        return self.weights if self.is_own else self.base

    @property
    def names_a_file(self) -> bool:
        """Whether the weights are a path."""
        return not self.is_own and self.weights not in (PUBLISHED_ARRAYS, RANDOM)

    @property
    def pretrained(self) -> bool:
        """Whether the base starts from arrays that somebody trained."""
        return self.active and self.strategy != "scratch" and self.weights != RANDOM

    def base_network(self, shape: tuple[int, int, int], bases: OfferedBases = PUBLISHED) -> Network:
        """The base for images of (height, width, channels), without a head.

        Grey images are given to each channel that it takes. Raises NetworkError where there is no
        such base, or the images are too small or of too many channels.
        """
        self._refuse_unknown(bases)
        height, width, channels = shape
        base = bases[self.offered]
        taken = base.channels or channels
        if channels not in (1, taken):
            raise NetworkError(
                f"{self.base} takes images of {taken} channel{'s' * (taken > 1)}, these have "
                f'{channels}: set data.color = "grey"',
                key="base",
            )
        try:
            return base.build((height, width, taken))
        except NetworkError as error:
            if self.is_own:
                raise NetworkError(f"[pretrain.{self.own}]: {error}", key="weights") from None
            smallest = _smallest(base, taken)
            if smallest is None:
                raise NetworkError(f"{self.base}: {error}", key="base") from None
            raise NetworkError(
                f"{self.base} takes images of {smallest}x{smallest} pixels or more, these have "
                f"{height}x{width}: set data.image_size",
                key="base",
            ) from None

    def _refuse_unknown(self, bases: OfferedBases) -> None:
        if self.is_own and self.base != NO_BASE:
            raise NetworkError(
                f'weights = "{self.weights}" says which network it is: leave base out', key="base"
            )
        if self.offered in bases:
            return
        if not self.is_own:
            rest = did_you_mean(self.base, [NO_BASE, *bases], "there are")
            raise NetworkError(f"there is no base {self.base!r}{rest}", key="base")
        names = [name.removeprefix(OWN) for name in bases if name.startswith(OWN)]
        rest = did_you_mean(self.own, names, "sections") if names else ""
        raise NetworkError(
            f"there is no section [pretrain.{self.own or 'NAME'}] that trains a base{rest}",
            key="weights",
        )

    def network(
        self, base: Network, classes: int, output: Literal["softmax", "sigmoid"]
    ) -> Network:
        """The base with the new head."""
        return with_head(base, self.head, classes, output)

    def stages(
        self, base: Network, training: TrainingSpec, points: Sequence[str] = ()
    ) -> tuple[Stage, ...]:
        """What is trained, one after the other.

        points: the first layer of each of the base's blocks. Raises NetworkError for unknown
        layers, and for more blocks than there are.
        """
        everything = frozenset(name for name, _ in base.named_layers())
        if self.strategy in ("features", "frozen"):
            return (Stage(everything, training),)
        if self.strategy == "scratch":
            return (Stage(frozenset(), training),)
        partial = self.strategy == "partial"
        frozen = layers_before(base, self._start(points)) if partial else frozenset()
        if self.batch_norm == "frozen":
            frozen |= normalizations(base)
        rate = self.fine_tune_learning_rate or training.rate / FINE
        fine = Stage(frozen, training.model_copy(update={"learning_rate": rate}))
        if not self.head_epochs:
            return (fine,)
        head = training.model_copy(update={"epochs": self.head_epochs, "averaging": Averaging()})
        return Stage(everything, head), fine

    def _start(self, points: Sequence[str]) -> str:
        """The first layer of a base that moves, however the recipe says which."""
        if not self.unfreeze_last:
            return self.unfreeze_from
        if self.unfreeze_from:
            raise NetworkError(
                f'unfreeze_from = "{self.unfreeze_from}" says where already: leave one of the two '
                'out, or set unfreeze_from = ""',
                key="unfreeze_last",
            )
        return first_of_last(points, self.unfreeze_last)


def _smallest(base: OfferedBase, channels: int) -> int | None:
    """The side of the smallest square images that it takes, None where it takes none."""

    def fits(side: int) -> bool:
        try:
            base.build((side, side, channels))
        except NetworkError:
            return False
        return True

    return next(filter(fits, range(1, LARGEST_MINIMUM)), None)
