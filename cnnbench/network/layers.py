"""The layers a network is made of, as frozen values that every backend reads.

Images are NHWC: shapes without the batch axis are (height, width, channels). The meaning of each
layer is that of the Keras layer of the same name; where frameworks differ, the docstring says
which reading counts.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Activation = Literal["linear", "relu", "elu", "gelu", "sigmoid", "tanh"]
Padding = Literal["valid", "same"]
Rate = Annotated[float, Field(ge=0, lt=1)]
Penalty = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Pair = tuple[Count, Count]


class Layer(BaseModel):
    """Common to all layers: frozen, compared by value, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Conv(Layer):
    """Two-dimensional convolution with bias; kernel shape (height, width, in, out).

    padding: "same" pads as TensorFlow does: the output has ceil(input / stride) rows, and of an odd
    number of padded rows the larger half goes to the bottom and right.
    l1, l2: penalties on the kernel, l1 * sum|w| + l2 * sum w^2, added to the loss.
    """

    type: Literal["conv"] = "conv"
    filters: Count
    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    padding: Padding = "valid"
    activation: Activation = "relu"
    l1: Penalty = 0.0
    l2: Penalty = 0.0


class Pool(Layer):
    """Max or average pooling; an average counts no padded pixel."""

    type: Literal["pool"] = "pool"
    kind: Literal["max", "average"] = "max"
    size: Pair = (2, 2)
    stride: Pair | None = None
    """None: the same as `size`."""
    padding: Padding = "valid"

    @property
    def strides(self) -> Pair:
        """The stride in effect."""
        return self.size if self.stride is None else self.stride


class BatchNorm(Layer):
    """Batch normalisation over the last axis (Ioffe and Szegedy 2015).

    Training uses the batch's mean and biased variance; the moving statistics follow
    moving = momentum * moving + (1 - momentum) * batch, with the biased variance, as in Keras.
    Prediction uses the moving statistics. Its four arrays are gamma, beta, mean, variance.
    """

    type: Literal["batch_norm"] = "batch_norm"
    momentum: Annotated[float, Field(ge=0, le=1)] = 0.99
    epsilon: Annotated[float, Field(gt=0)] = 1e-3


class Activate(Layer):
    """An activation as a layer of its own, as batch normalisation before the activation needs it.

    "gelu" is the exact one, by the error function.
    """

    type: Literal["activation"] = "activation"
    function: Activation = "relu"


class Dropout(Layer):
    """In training zeroes each unit with probability `rate`; scales the others by 1 / (1 - rate)."""

    type: Literal["dropout"] = "dropout"
    rate: Rate = 0.5


class Flatten(Layer):
    """(height, width, channels) to one axis, in row-major order of NHWC."""

    type: Literal["flatten"] = "flatten"


class GlobalAveragePool(Layer):
    """The mean of every channel over height and width."""

    type: Literal["global_average_pool"] = "global_average_pool"


class Dense(Layer):
    """Fully connected with bias; kernel shape (in, out); l1, l2 as for `Conv`."""

    type: Literal["dense"] = "dense"
    units: Count
    activation: Activation = "relu"
    l1: Penalty = 0.0
    l2: Penalty = 0.0


AnyLayer = Annotated[
    Conv | Pool | BatchNorm | Activate | Dropout | Flatten | GlobalAveragePool | Dense,
    Field(discriminator="type"),
]
LAYER_TYPES: frozenset[str] = frozenset(
    {
        "conv",
        "pool",
        "batch_norm",
        "activation",
        "dropout",
        "flatten",
        "global_average_pool",
        "dense",
    }
)
