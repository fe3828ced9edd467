"""Optimisers that are right in a few steps of one epoch, and in no more."""

from __future__ import annotations

import numpy as np

from cnnbench.testing.numpy_backend import NumpyModel
from cnnbench.testing.reference import RULES, Reference
from cnnbench.testing.reference.optimizers import (
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    Momentum,
    Nadam,
    RMSprop,
    Sgd,
    clipped,
)
from wrong_backends.making import with_model, with_reference, with_rule


def _keeping_the_first_rate(name):
    class KeepsTheFirstRate(RULES[name]):
        rate = None

        def move(self, array, w, g, lr):
            self.rate = self.rate or lr
            return super().move(array, w, g, self.rate)

    KeepsTheFirstRate.__name__ = f"KeepsTheFirstRateOf{name.title()}"
    return with_rule("learning-rate", name, KeepsTheFirstRate)


class DecaysWithTheFirstRate(AdamW):
    rate = None

    def move(self, name, w, g, lr):
        self.rate = self.rate or lr
        decayed = w - self.rate * self.optimization.weight_decay * w
        return Adam.move(self, name, decayed, g, lr)


def _resetting(name, when):
    """A model that loses the state of one optimiser in one of its methods."""

    class ResetsTheState(NumpyModel):
        pass

    def lose(self, *arguments):
        optimization = self.inner.rule.optimization
        if name == ("nesterov" if optimization.nesterov else optimization.optimizer):
            self.inner.rule.t = 0
            self.inner.rule.state.clear()
        return getattr(NumpyModel, when)(self, *arguments)

    setattr(ResetsTheState, when, lose)
    ResetsTheState.__name__ = f"ResetsTheStateIn_{when}"
    return with_model(f"{name}-state", ResetsTheState)


class ForgetsBiasCorrectionInTheEnd(Adam):
    def correction(self):
        return super().correction() if self.t <= 12 else 1.0


class ClipsGradients(Adam):
    def move(self, name, w, g, lr):
        return super().move(name, w, np.clip(g, -1, 1), lr)


class ClipsTheNormOfGradients(Sgd):
    def move(self, name, w, g, lr):
        return super().move(name, w, g / max(1.0, float(np.linalg.norm(g))), lr)


class IgnoresNesterov(Momentum):
    def move(self, name, w, g, lr):
        self.state[name] = self.optimization.momentum * self.state.get(name, 0.0) - lr * g
        return w + self.state[name]


class LooksAheadByTheOldVelocity(Momentum):
    def move(self, name, w, g, lr):
        old = self.state.get(name, np.zeros_like(w))
        moved = super().move(name, w, g, lr)
        ahead = w + self.optimization.momentum * old - 2 * lr * g
        return ahead if self.optimization.nesterov else moved


class KeepsNesterovsVelocityFreeOfTheRate(Momentum):
    """As PyTorch does."""

    def move(self, name, w, g, lr):
        if not self.optimization.nesterov:
            return super().move(name, w, g, lr)
        momentum = self.optimization.momentum
        self.state[name] = momentum * self.state.get(name, np.zeros_like(w)) + g
        return w - lr * (g + momentum * self.state[name])


class SharesSlowly(Nadam):
    """As PyTorch does, whose momentum_decay is 0.004."""

    def share(self, step):
        return super().share(step / 250)


class CorrectsByTheLastShareOnly(Nadam):
    def shares(self):
        now, following = self.share(self.t), self.share(self.t + 1)
        return following / (1 - now * following), (1 - now) / (1 - now)


class AddsAdamsEpsilon(Nadam):
    """To a root that is not bias-corrected."""

    def move(self, name, w, g, lr):
        mean = self.follow(f"{name} mean", g, 0.9)
        square = self.follow(f"{name} square", g**2, 0.999)
        of_mean, of_gradient = self.shares()
        correction = np.sqrt(1 - 0.999**self.t)
        move = of_mean * mean + of_gradient * g
        return w - lr * correction * move / (np.sqrt(square) + 1e-7)


class StartsItsSumsAtZero(Adagrad):
    """As PyTorch does."""

    def move(self, name, w, g, lr):
        self.state.setdefault(name, np.zeros_like(w))
        return super().move(name, w, g, lr)


class StartsItsSumsAlwaysAlike(Adagrad):
    def move(self, name, w, g, lr):
        self.state.setdefault(name, np.full_like(w, 0.1))
        return super().move(name, w, g, lr)


class AveragesItsSquares(RMSprop):
    """As RMSprop, from Adagrad's start on."""

    def move(self, name, w, g, lr):
        self.state.setdefault(name, np.full_like(w, 0.1))
        return super().move(name, w, g, lr)


class AddsAdagradsEpsilonOutsideTheRoot(Adagrad):
    """As PyTorch does."""

    def move(self, name, w, g, lr):
        super().move(name, w, g, lr)
        return w - lr * g / (np.sqrt(self.state[name]) + 1e-7)


class ForgetsNoLargestGradient(Adamax):
    def move(self, name, w, g, lr):
        largest = np.maximum(self.state.get(f"{name} norm", 0.0), np.abs(g))
        super().move(name, w, g, lr)
        self.state[f"{name} norm"] = largest
        mean = self.state[f"{name} mean"]
        return w - lr / (1 - 0.9**self.t) * mean / (largest + 1e-7)


class CorrectsTheNormToo(Adamax):
    def move(self, name, w, g, lr):
        return w + (super().move(name, w, g, lr) - w) * (1 - 0.999**self.t)


class HasAdamaxsSmallerEpsilon(Adamax):
    """PyTorch's default."""

    def move(self, name, w, g, lr):
        super().move(name, w, g, lr)
        mean, norm = self.state[f"{name} mean"], self.state[f"{name} norm"]
        return w - lr / (1 - 0.9**self.t) * mean / (norm + 1e-8)


class AveragesBeforeItsSign(Lion):
    def move(self, name, w, g, lr):
        return w - lr * np.sign(self.follow(name, g, 0.9))


class DecaysAsItsAuthorsDo(Lion):
    def move(self, name, w, g, lr):
        return super().move(name, w - lr * self.optimization.weight_decay * w, g, lr)


class IgnoresClipping(Reference):
    def clip(self, gradients):
        return gradients


class ClipsEachArray(Reference):
    """As Keras's clipnorm."""

    def clip(self, gradients):
        largest = self.rule.optimization.global_clipnorm
        each = (clipped({name: gradient}, largest) for name, gradient in gradients.items())
        return {name: gradient for one in each for name, gradient in one.items()}


class ClipsValues(Reference):
    def clip(self, gradients):
        largest = self.rule.optimization.global_clipnorm or np.inf
        return {name: np.clip(x, -largest, largest) for name, x in gradients.items()}


class GivesEveryStepTheSameNorm(Reference):
    def clip(self, gradients):
        largest = self.rule.optimization.global_clipnorm
        norm = np.sqrt(sum((x**2).sum() for x in gradients.values()))
        return {name: x * largest / norm for name, x in gradients.items()} if largest else gradients


class ClipsBeforeThePenalty(Reference):
    def clip(self, gradients):
        penalties = {
            f"{owner}/kernel": super(ClipsBeforeThePenalty, self).penalty_slope(node, "kernel")
            for owner, node in self.trained()
            if "kernel" in node.arrays
        }
        loss = {name: x - penalties.get(name, 0.0) for name, x in gradients.items()}
        return {name: x + penalties.get(name, 0.0) for name, x in super().clip(loss).items()}


class CountsWhatIsFrozen(Reference):
    def clip(self, gradients):
        resting = {
            f"{owner}/{part}": gradient
            for owner, node in self.nodes.items()
            if node.frozen
            for part, gradient in node.gradients.items()
        }
        together = super().clip({**gradients, **resting})
        return {name: together[name] for name in gradients}


class IgnoresL1OfDenseLayers(Reference):
    def penalty_slope(self, node, part):
        slope = super().penalty_slope(node, part)
        if node.layer.type == "dense" and part == "kernel":
            slope = slope - node.layer.l1 * np.sign(node.arrays["kernel"])
        return slope


def _decoupling(name):
    class DecouplesThePenalty(Reference):
        """Moves the kernels by the penalty's gradient itself, beside the optimiser."""

        def step(self, batch, lr):
            if not isinstance(self.rule, RULES[name]):
                return super().step(batch, lr)
            slopes = {
                (owner, part): super(DecouplesThePenalty, self).penalty_slope(node, part)
                for owner, node in self.trained()
                for part in node.trainable
            }
            step = super().step(batch, lr)
            for (owner, part), slope in slopes.items():
                arrays = self.nodes[owner].arrays
                arrays[part] = arrays[part] - lr * slope
            return step

        def penalty_slope(self, node, part):
            decoupled = isinstance(self.rule, RULES[name])
            return 0.0 if decoupled else super().penalty_slope(node, part)

    DecouplesThePenalty.__name__ = f"DecouplesThePenaltyFrom{name.title()}"
    return with_reference("penalties", DecouplesThePenalty)


BACKENDS = (
    *(_keeping_the_first_rate(name) for name in RULES if name != "momentum"),
    with_rule("learning-rate", "adamw", DecaysWithTheFirstRate),
    *(
        _resetting(name, when)
        for name in ("nesterov", *RULES)
        if name != "sgd"
        for when in ("train_epoch", "predict", "set_weights")
    ),
    with_rule("adam", "adam", ForgetsBiasCorrectionInTheEnd),
    with_rule("adam", "adam", ClipsGradients),
    with_rule("sgd", "sgd", ClipsTheNormOfGradients),
    with_reference("penalties", IgnoresL1OfDenseLayers),
    with_reference("clipping", IgnoresClipping),
    with_reference("clipping", ClipsEachArray),
    with_reference("clipping", ClipsValues),
    with_reference("clipping", GivesEveryStepTheSameNorm),
    with_reference("clipping", ClipsBeforeThePenalty),
    with_reference("clipping", CountsWhatIsFrozen),
    *(_decoupling(name) for name in RULES if name != "sgd"),
    with_rule("nesterov", "momentum", IgnoresNesterov),
    with_rule("nesterov", "momentum", LooksAheadByTheOldVelocity),
    with_rule("learning-rate-nesterov", "momentum", KeepsNesterovsVelocityFreeOfTheRate),
    with_rule("nadam", "nadam", SharesSlowly),
    with_rule("nadam", "nadam", CorrectsByTheLastShareOnly),
    with_rule("nadam-epsilon", "nadam", AddsAdamsEpsilon),
    with_rule("adagrad", "adagrad", StartsItsSumsAtZero),
    with_rule("adagrad", "adagrad", AveragesItsSquares),
    with_rule("adagrad-epsilon", "adagrad", StartsItsSumsAlwaysAlike),
    with_rule("adagrad-epsilon", "adagrad", AddsAdagradsEpsilonOutsideTheRoot),
    with_rule("adamax-norm", "adamax", ForgetsNoLargestGradient),
    with_rule("adamax", "adamax", CorrectsTheNormToo),
    with_rule("adamax-epsilon", "adamax", HasAdamaxsSmallerEpsilon),
    with_rule("lion", "lion", AveragesBeforeItsSign),
    with_rule("lion", "lion", DecaysAsItsAuthorsDo),
)
