"""What a backend is: it builds a network, takes optimiser steps on given batches, and predicts.

Everything that decides a result is handed in: batches, initial weights, seeds, learning rates.
`cnnbench.testing` holds the suite that proves a backend right.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, get_args

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.network.layers import LAYER_OPTIONS, LAYER_TYPES, Activation
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.worker_environment import worker_environment
from cnnbench.recipe.training import Optimizer
from cnnbench.trials.optimization import Optimization

if TYPE_CHECKING:
    from cnnbench.plugin.stacked import StackedModel

ACTIVATIONS: frozenset[str] = frozenset(get_args(Activation))
OUTPUTS: frozenset[str] = frozenset({"softmax", "sigmoid", "features"})
OPTIMIZERS: frozenset[str] = frozenset(get_args(Optimizer))
OPTIONS: frozenset[str] = LAYER_OPTIONS | {"nesterov", "global_clipnorm", "soft_labels"}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do; what is missing becomes an `unsupported` record, no substitute.

        dense_only = Capabilities(layers=frozenset({"flatten", "dense"}), options=frozenset())
        lacking = dense_only.missing(network, Optimization("adam"))  # "layer conv"

    options: parameters of layers and optimisations that it knows beside their defaults ("groups",
    "dilation", "nesterov", "global_clipnorm", "soft_labels"). stacked: whether it trains replicates
    as one program, of whatever else is declared. gradients: whether its models have
    `Model.gradients`, which no trial needs, but `cnnbench explain` does.
    """

    layers: frozenset[str] = LAYER_TYPES
    options: frozenset[str] = OPTIONS
    activations: frozenset[str] = ACTIVATIONS
    optimizers: frozenset[str] = OPTIMIZERS
    outputs: frozenset[str] = OUTPUTS
    devices: frozenset[str] = frozenset({"cpu"})
    precisions: frozenset[str] = frozenset({"float32"})
    stacked: bool = False
    gradients: bool = False

    def missing(self, network: Network, optimization: Optimization) -> str:
        """What this network or optimisation needs and the backend lacks, "" if nothing."""
        lacking = [] if network.output in self.outputs else [f"output {network.output}"]
        lacking += [
            f"layer {name}" for name in sorted({x.type for x in network.layers} - self.layers)
        ]
        options = {option for layer in network.layers for option in layer.options}
        wanted = ("nesterov", "global_clipnorm", "soft_labels")
        options |= {name for name in wanted if getattr(optimization, name)}
        lacking += [f"option {name}" for name in sorted(options - self.options)]
        lacking += [
            f"activation {name}" for name in sorted(_activations(network) - self.activations)
        ]
        if optimization.optimizer not in self.optimizers:
            lacking.append(f"optimizer {optimization.optimizer}")
        if optimization.precision not in self.precisions:
            lacking.append(f"precision {optimization.precision}")
        return ", ".join(lacking)


def _activations(network: Network) -> set[str]:
    """Every function that the network applies, in layers or on its own."""
    return {layer.applies for layer in network.layers if layer.applies}


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a backend can run here.

        Availability(available=True, versions={"framework": "1.2"}, devices=("cpu", "gpu"))
        Availability(False, "framework is not installed", install="pip install framework")

    reason: why not. install: the command to type.
    """

    available: bool
    reason: str = ""
    install: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EpochResult:
    """One pass of training, from the forward passes of its own steps.

        EpochResult(loss=1.9, penalty=0.0, correct=12, count=60)

    loss: sum of weight * loss over the images divided by their number, without penalties.
    penalty: mean over the steps of the L1/L2 penalties of all kernels, frozen or not.
    correct: images whose largest score (or sigmoid above 0.5) is their label, of soft labels the
    class of the largest probability. count: images.
    """

    loss: float
    penalty: float
    correct: int
    count: int


class Model(ABC):
    """A built network with weights and optimiser state, on a device.

        class SketchModel(Model):
            def __init__(self, weights):
                self.set_weights(weights)

            def train_epoch(self, batches, learning_rate):
                loss, correct = 0.0, 0
                for images, labels, weights in batches:
                    step = framework.step(self.arrays, images, labels, weights, learning_rate)
                    loss, correct = loss + step.loss, correct + step.correct
                return EpochResult(loss / batches.size, 0.0, correct, batches.size)

            def predict(self, batches):
                scores = [framework.scores(self.arrays, x.images) for x in batches]
                return np.concatenate(scores)

            def get_weights(self):
                return {name: array.copy() for name, array in self.arrays.items()}

            def set_weights(self, weights):
                self.arrays = {name: array.copy() for name, array in weights.items()}

    Arrays come and go by their canonical names, in the canonical layout, as float32.
    """

    def compile(self, batches: Batches) -> None:  # noqa: B027 - doing nothing is a fine default
        """Compile whatever training on and predicting these batches needs, ahead of time.

        Called once, before training, and timed on its own. Must leave weights, optimiser state and
        random state as they were.
        """

    @abstractmethod
    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Take one optimiser step a batch, in order."""

    @abstractmethod
    def predict(self, batches: Batches) -> NDArray[np.float32]:
        """Probabilities in the order of the pass, shape (n, units of the last layer).

        After softmax, or after the sigmoid of a single unit; of a network whose output is
        "features" what its last layer makes, maps as NHWC. No dropout, moving statistics.
        """

    def gradients(
        self, images: NDArray[np.float32], slopes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The derivative of sum(slopes * scores) by each image, in the shape of the images.

        Scores are what the last layer makes before softmax or sigmoid, as in prediction: no
        dropout, moving statistics. images: (n, height, width, channels), maps of another network
        perhaps. slopes: (n, units of the last layer). Weights, optimiser state and random state
        stay. Asked only of a backend that declares `gradients`, of networks with scores.
        """
        raise NotImplementedError(f"{type(self).__name__} has no gradients by its images")

    @abstractmethod
    def get_weights(self) -> Weights:
        """Every array, copied, in the canonical layout."""

    @abstractmethod
    def set_weights(self, weights: Weights) -> None:
        """Replace every array; optimiser state stays."""

    def synchronize(self) -> None:  # noqa: B027 - a CPU backend has nothing to wait for
        """Return when the device has finished all work, for honest clocks."""


class Engine(ABC):
    """A framework, imported, on a device.

        class SketchEngine(Engine):
            versions = {"framework": "1.2"}
            device = "cpu"

            def build(self, network, weights, optimization, seed):
                return SketchModel(weights)

    A worker opens it once and builds the models of all its trials with it.
    """

    versions: Mapping[str, str]
    """Of the framework and what computes for it, by distribution name."""
    device: str
    """What computes, "cpu" or the name of the accelerator."""

    @abstractmethod
    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A model with these initial weights; `seed` is for dropout alone.

        The network's nodes end in a dense layer without activation, whose units are the logits;
        those of a network whose output is "features", which is never trained, in any.
        """

    def build_stacked(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        seeds: Sequence[int],
    ) -> StackedModel:
        """Replicates with these weights and seeds as one; asked where `stacked` is declared.

        There are at least two, and the output is not "features".
        """
        raise NotImplementedError("this backend declares `stacked`, but builds no stack")

    def device_memory(self) -> int | None:
        """Peak bytes allocated on an accelerator since the last `build`, None on a CPU."""
        return None


class Backend(ABC):
    """A light description of a backend; its framework is imported in `open` alone.

        class Sketch(Backend):
            name = "sketch"
            title = "My framework"
            capabilities = Capabilities(optimizers=frozenset({"sgd"}))

            def check(self):
                return look_for({"framework": ["framework"]}, install="pip install framework")

            def environment(self, device, threads):
                own = {"FRAMEWORK_THREADS": str(threads)}
                return {**super().environment(device, threads), **own}

            def open(self, device, threads):
                return SketchEngine()

    One is made whenever plugins are looked for, so making it does nothing.
    """

    name: ClassVar[str]
    """As typed after --backend."""
    title: ClassVar[str]
    """For tables: "Keras 3 on PyTorch"."""
    capabilities: ClassVar[Capabilities] = Capabilities()

    @abstractmethod
    def check(self) -> Availability:
        """Whether it can run here, found without importing the framework."""

    def environment(self, device: str, threads: int) -> Mapping[str, str]:
        """Environment variables that must be set before the framework is first imported.

        Those that most frameworks read; one that reads others too adds them.
        """
        return worker_environment(device, threads)

    @abstractmethod
    def open(self, device: str, threads: int) -> Engine:
        """Import the framework and take the device: "cpu", "gpu" or "auto" (a GPU if there is one).

        threads: how many CPU threads the framework may use. Raises PluginError if the device is
        not there.
        """
