"""How the weights of a trial move."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Optimization:
    """How the weights move; g is the gradient of the objective, lr the epoch's learning rate.

    sgd:      w -= lr * g
    momentum: v = momentum * v - lr * g; w += v, or, where nesterov, w += momentum * v - lr * g
              (Nesterov's, as Sutskever et al. 2013 have it; w is the point that is looked ahead to)
    rmsprop:  s = 0.9 s + 0.1 g^2; w -= lr * g / sqrt(s + 1e-7)
    adam:     m = 0.9 m + 0.1 g; s = 0.999 s + 0.001 g^2;
              w -= lr * sqrt(1 - 0.999^t) / (1 - 0.9^t) * m / (sqrt(s) + 1e-7)
              (Kingma and Ba 2015, the variant before section 2.1, as Keras has it; to follow Keras
              over hundreds of steps, compute 1 - 0.9^t and 1 - 0.999^t in float32)
    adamw:    w -= lr * weight_decay * w, then as adam (Loshchilov and Hutter 2019), for all arrays
    nadam:    m and s as adam's; u(t) = 0.9 (1 - 0.96^t / 2); p = u(1) u(2) ... u(t);
              w -= lr * (u(t + 1) m / (1 - p u(t + 1)) + (1 - u(t)) g / (1 - p))
                   / (sqrt(s / (1 - 0.999^t)) + 1e-7)
              (Dozat 2016, but for the power of 0.96: t, as Keras has it, not t / 250)
    adagrad:  s = s + g^2, from initial_accumulator_value on; w -= lr * g / sqrt(s + 1e-7)
              (Duchi et al. 2011, the start of s as in Keras)
    adamax:   m = 0.9 m + 0.1 g; u = max(0.999 u, |g|); w -= lr / (1 - 0.9^t) * m / (u + 1e-7)
              (Kingma and Ba 2015, algorithm 2, with Keras's epsilon)
    lion:     w -= lr * sign(0.9 m + 0.1 g), then m = 0.99 m + 0.01 g
              (Chen et al. 2023, algorithm 2, without weight decay, as Keras has it)

    All other state starts at zero. Where PyTorch means something else by a name, as by momentum,
    rmsprop, adam's epsilon, nadam's power and adagrad's start, the formula is Keras's.

    global_clipnorm: where above 0, the largest norm of g, that of the gradients of all arrays that
    move as one vector: each step begins with g *= min(1, global_clipnorm / norm(g)), penalties
    included (Pascanu et al. 2013, algorithm 1). adamw's decay is no part of g.
    frozen: names of layers whose arrays don't move; a frozen batch normalisation predicts with its
    moving statistics in training too and leaves them alone.
    precision: "bfloat16" allows the forward and backward pass, not the weights, to be in it.
    soft_labels: the labels of training are probabilities of the classes, t: float32, (n, classes).
    The loss of an image is -sum t log p over the classes, also of a single sigmoid unit, whose p is
    of class 1 and 1 - p of class 0; its label is the class of the largest t.
    """

    optimizer: str = "adam"
    momentum: float = 0.9
    weight_decay: float = 0.004
    nesterov: bool = False
    initial_accumulator_value: float = 0.1
    global_clipnorm: float = 0.0
    precision: str = "float32"
    soft_labels: bool = False
    frozen: frozenset[str] = frozenset()
