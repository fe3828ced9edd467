"""Activations: functions of single values, and softmax."""

from __future__ import annotations

from typing import ClassVar, Literal

from cnnbench.network.layers.base import Layer

Activation = Literal[
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "sigmoid",
    "hard_sigmoid",
    "hard_swish",
    "softplus",
    "softmax",
    "tanh",
]
"""As Keras 3 has them: gelu by the error function, leaky_relu with 0.2 of what is below 0,
hard_sigmoid as clip(x / 6 + 1 / 2, 0, 1), hard_swish as x times that, softmax over the last axis.
"""


class Activate(Layer):
    """An activation as a layer of its own, as batch normalisation before the activation needs it.

    "gelu" is the exact one, by the error function.
    """

    type: Literal["activation"] = "activation"
    function: Activation = "relu"

    spelled: ClassVar[frozenset[str]] = frozenset({"function"})

    @property
    def applies(self) -> str:
        """The function."""
        return self.function

    @property
    def label(self) -> str:
        """The function's name."""
        return self.function
