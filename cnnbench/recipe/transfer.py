"""The `[transfer]` section of a recipe: a published base, its arrays, and what of it may move."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Annotated, Literal

from pydantic import Field

from cnnbench.data.spec import Section
from cnnbench.errors import NetworkError
from cnnbench.network.bases import BASES
from cnnbench.network.heads import HeadSpec, layers_before, normalizations, with_head
from cnnbench.network.network import Network
from cnnbench.pretrained.found import Padding
from cnnbench.recipe.training import Averaging, TrainingSpec

Base = Literal[
    "none",
    "vgg16",
    "vgg19",
    "resnet50",
    "densenet121",
    "inception_v3",
    "xception",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "efficientnet_b0",
    "efficientnet_v2b0",
    "efficientnet_lite0",
]
Scaling = Literal["none", "unit", "keras", "torch", "caffe", "lite"]
FINE = 100
"""How many times lower than the head's the rate of fine-tuning is, if not given."""


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

    base: Base = Field(
        "none", description="the network to start from, as `cnnbench describe base:NAME` has it"
    )
    weights: str = Field(
        "imagenet",
        description="imagenet: as published; random; or the path of a file of arrays",
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
        "inside, not trained; partial: head first, then from unfreeze_from on; full: head first, "
        "then everything; scratch: the same network from random arrays",
    )
    unfreeze_from: str = Field(
        "",
        description="of strategy partial: the first layer of the base that moves, or what its name "
        "begins with: block5",
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
        return self.base != "none"

    @property
    def pretrained(self) -> bool:
        """Whether the base starts from arrays that somebody trained."""
        return self.active and self.strategy != "scratch" and self.weights != "random"

    def base_network(self, shape: tuple[int, int, int]) -> Network:
        """The base for images of (height, width, channels); grey ones are given to it three times.

        Raises NetworkError where they are too small.
        """
        height, width, _ = shape
        try:
            return BASES[self.base]((height, width, 3))
        except NetworkError:
            smallest = next(side for side in count(1) if _fits(self.base, side))
            raise NetworkError(
                f"{self.base} takes images of {smallest}x{smallest} pixels or more, these have "
                f"{height}x{width}: set data.image_size",
                key="base",
            ) from None

    def network(
        self, base: Network, classes: int, output: Literal["softmax", "sigmoid"]
    ) -> Network:
        """The base with the new head."""
        return with_head(base, self.head, classes, output)

    def stages(self, base: Network, training: TrainingSpec) -> tuple[Stage, ...]:
        """What is trained, one after the other. Raises NetworkError for unknown layers."""
        everything = frozenset(name for name, _ in base.named_layers())
        if self.strategy in ("features", "frozen"):
            return (Stage(everything, training),)
        if self.strategy == "scratch":
            return (Stage(frozenset(), training),)
        frozen = (
            layers_before(base, self.unfreeze_from) if self.strategy == "partial" else frozenset()
        )
        if self.batch_norm == "frozen":
            frozen |= normalizations(base)
        rate = self.fine_tune_learning_rate or training.rate / FINE
        fine = Stage(frozen, training.model_copy(update={"learning_rate": rate}))
        if not self.head_epochs:
            return (fine,)
        head = training.model_copy(update={"epochs": self.head_epochs, "averaging": Averaging()})
        return Stage(everything, head), fine


def _fits(base: str, side: int) -> bool:
    try:
        BASES[base]((side, side, 3))
    except NetworkError:
        return False
    return True
