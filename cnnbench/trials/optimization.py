"""How the weights of a trial move."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Optimization:
    """How the weights move; g is the gradient of the objective, lr the epoch's learning rate.

    sgd:      w -= lr * g
    momentum: v = momentum * v - lr * g; w += v
    rmsprop:  s = 0.9 s + 0.1 g^2; w -= lr * g / sqrt(s + 1e-7)
    adam:     m = 0.9 m + 0.1 g; s = 0.999 s + 0.001 g^2;
              w -= lr * sqrt(1 - 0.999^t) / (1 - 0.9^t) * m / (sqrt(s) + 1e-7)
              (Kingma and Ba 2015, the variant before section 2.1, as Keras has it; to follow Keras
              over hundreds of steps, compute 1 - 0.9^t and 1 - 0.999^t in float32)
    adamw:    w -= lr * weight_decay * w, then as adam (Loshchilov and Hutter 2019), for all arrays

    All state starts at zero. frozen: names of layers whose arrays don't move; a frozen batch
    normalisation predicts with its moving statistics in training too and leaves them alone.
    precision: "bfloat16" allows the forward and backward pass, not the weights, to be in it.
    """

    optimizer: str = "adam"
    momentum: float = 0.9
    weight_decay: float = 0.004
    precision: str = "float32"
    frozen: frozenset[str] = frozenset()
