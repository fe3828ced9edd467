"""Backends that compute the right thing in the wrong way: state, order, memory, declarations."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np

from cnnbench.network.layers import LAYER_TYPES
from cnnbench.plugin.backend import Availability, Capabilities
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel
from wrong_backends.making import with_backend, with_engine, with_model


class NamesArraysAsKerasDoes(NumpyModel):
    def get_weights(self):
        return {n.replace("/mean", "/moving_mean"): a for n, a in super().get_weights().items()}


class TransposesDenseKernels(NumpyModel):
    """PyTorch's layout."""

    def get_weights(self):
        return {n: a.T if a.ndim == 2 else a for n, a in super().get_weights().items()}


class ForgetsMovingStatistics(NumpyModel):
    def set_weights(self, weights):
        super().set_weights(
            {n: a for n, a in weights.items() if not n.endswith(("mean", "variance"))}
        )


class PredictsWithOldWeights(NumpyModel):
    old = None

    def predict(self, batches):
        now = self.get_weights()
        self.old = self.old or now
        self.set_weights(self.old)
        probabilities = super().predict(batches)
        self.set_weights(now)
        return probabilities


class SharesTheGivenArrays(NumpyModel):
    def __init__(self, network, weights, optimization, seed):
        super().__init__(network, weights, optimization, seed)
        self.given = weights

    def get_weights(self):
        return dict(self.given)

    def train_epoch(self, batches, learning_rate):
        result = super().train_epoch(batches, learning_rate)
        self.given = super().get_weights()
        return result


class SharesTheReturnedArrays(NumpyModel):
    shared = None

    def get_weights(self):
        now = super().get_weights()
        self.shared = self.shared or now
        for name, array in now.items():
            self.shared[name][...] = array
        return self.shared


class NeverTrains(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        weights = self.get_weights()
        result = super().train_epoch(batches, learning_rate)
        self.set_weights(weights)
        return result


def _shuffled(batches):
    order = np.random.default_rng(1).permutation(batches.order)
    return batches.copy(order=order)


class ShufflesAgain(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        return super().train_epoch(_shuffled(batches), learning_rate)


class PredictsInSequence(NumpyModel):
    def predict(self, batches):
        return super().predict(batches.copy(order=np.sort(batches.order)))


class PredictsInFloat64(NumpyModel):
    def predict(self, batches):
        return super().predict(batches).astype(np.float64)


class IgnoresTheOrderOfResidentArrays(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        if batches.resident is not None:
            batches = batches.copy(order=np.sort(batches.order))
        return super().train_epoch(batches, learning_rate)


class TakesEachResidentImageOnce(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        if batches.resident is not None:
            once = np.array(list(dict.fromkeys(batches.order.tolist())))
            batches = batches.copy(order=once)
        return super().train_epoch(batches, learning_rate)


class KeepsResidentArraysForEver(NumpyModel):
    kept = None

    def train_epoch(self, batches, learning_rate):
        resident = batches.resident
        if resident is not None:
            self.kept = self.kept or resident
            batches = ArrayBatches(
                self.kept.images,
                self.kept.labels,
                weights=self.kept.weights,
                order=resident.order,
                batch_size=batches.batch_size,
            )
        return super().train_epoch(batches, learning_rate)


class NormalizesInPlace(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        result = super().train_epoch(batches, learning_rate)
        if batches.resident is not None:
            batches.resident.images[...] *= 0.5
        return result


class PredictsWithNoise(NumpyModel):
    noise = np.random.default_rng(0)

    def predict(self, batches):
        probabilities = super().predict(batches)
        return probabilities + self.noise.normal(0, 1e-6, probabilities.shape).astype(np.float32)


class TrainsWithNoise(NumpyModel):
    noise = np.random.default_rng(0)

    def train_epoch(self, batches, learning_rate):
        result = super().train_epoch(batches, learning_rate)
        self.set_weights(
            {n: a + self.noise.normal(0, 1e-6, a.shape) for n, a in self.get_weights().items()}
        )
        return result


class SharesStateBetweenModels(NumpyModel):
    latest = None

    def __init__(self, network, weights, optimization, seed):
        super().__init__(network, weights, optimization, seed)
        type(self).latest = self.inner

    def get_weights(self):
        self.inner = self.latest
        return super().get_weights()

    def train_epoch(self, batches, learning_rate):
        self.inner = self.latest
        return super().train_epoch(batches, learning_rate)


class TakesAStepToCompile(NumpyModel):
    def compile(self, batches):
        self.train_epoch(batches.select(0, 1), 1e-3)


class CompileLeavesOptimizerState(NumpyModel):
    def compile(self, batches):
        weights = self.get_weights()
        self.train_epoch(batches.select(0, 1), 1e-3)
        self.set_weights(weights)


class CompileDrawsRandomNumbers(NumpyModel):
    def compile(self, batches):
        for node in self.inner.nodes.values():
            node.generator.random(10)


class KeepsEveryPass(NumpyModel):
    def __init__(self, network, weights, optimization, seed):
        super().__init__(network, weights, optimization, seed)
        self.kept = []

    def train_epoch(self, batches, learning_rate):
        self.kept.append(batches.images.copy())
        return super().train_epoch(batches, learning_rate)


class KeepsABatchOfEveryEpoch(NumpyModel):
    def __init__(self, network, weights, optimization, seed):
        super().__init__(network, weights, optimization, seed)
        self.kept = []

    def train_epoch(self, batches, learning_rate):
        self.kept.append(next(iter(batches)).images)
        return super().train_epoch(batches, learning_rate)


class KeepsTheReturnedArrays(NumpyModel):
    def __init__(self, network, weights, optimization, seed):
        super().__init__(network, weights, optimization, seed)
        self.kept = []

    def get_weights(self):
        self.kept.append(super().get_weights())
        return super().get_weights()


class KeepsEveryModel(NumpyEngine):
    def __init__(self):
        self.models = []

    def build(self, network, weights, optimization, seed):
        self.models.append(super().build(network, weights, optimization, seed))
        return self.models[-1]


class GrowsOnTheDevice(NumpyEngine):
    """Each build leaves a megabyte on an accelerator."""

    held = 0

    def build(self, network, weights, optimization, seed):
        self.held += 2**20
        return super().build(network, weights, optimization, seed)

    def device_memory(self):
        return self.held


class WorksOnAfterTheBarrier(NumpyModel):
    work = threading.Thread()

    def train_epoch(self, batches, learning_rate):
        result = super().train_epoch(batches, learning_rate)
        self.work = threading.Thread(target=time.sleep, args=(0.03,))
        self.work.start()
        return result

    def get_weights(self):
        if self.work.is_alive():
            self.work.join()
        return super().get_weights()


class InventsAVersion(NumpyEngine):
    versions = {"numpy": "0.1"}  # noqa: RUF012 - as the interface has it


class KnowsNoDevice(NumpyEngine):
    device = ""


class TakesTheCpuForAGpu(NumpyBackend):
    def open(self, device, threads):
        return self.engine()


class IsNotAvailable(NumpyBackend):
    def check(self):
        return Availability(available=False, reason="it is somewhere else")


class UsesIniconfig(NumpyEngine):
    """Stands for a framework; any small distribution that the suite does not need will do."""

    versions = {"iniconfig": __import__("importlib.metadata").metadata.version("iniconfig")}  # noqa: RUF012


class ImportsItsFrameworkToCheck(NumpyBackend):
    engine = UsesIniconfig

    def check(self):
        import iniconfig  # noqa: F401 - the mistake

        return super().check()


@dataclass(frozen=True, slots=True)
class SaysNothingIsMissing(Capabilities):
    def missing(self, network, optimization):
        return ""


BACKENDS = (
    with_engine("opens", InventsAVersion),
    with_engine("opens", KnowsNoDevice),
    with_backend("opens", IsNotAvailable),
    with_backend("opens", TakesTheCpuForAGpu),
    with_backend("light", ImportsItsFrameworkToCheck),
    with_backend(
        "declared-names",
        NumpyBackend,
        capabilities=Capabilities(layers=LAYER_TYPES | {"convolution"}),
    ),
    with_backend(
        "missing-is-named",
        NumpyBackend,
        SaysNothingIsMissing,
        SaysNothingIsMissing(layers=LAYER_TYPES - {"dropout"}),
    ),
    with_model("weight-names", NamesArraysAsKerasDoes),
    with_model("weight-names", TransposesDenseKernels),
    with_model("weight-round-trip", ForgetsMovingStatistics),
    with_model("weights-take-effect", PredictsWithOldWeights),
    with_model("weights-are-copies", SharesTheGivenArrays),
    with_model("weights-are-copies", SharesTheReturnedArrays),
    with_model("weights-are-copies", NeverTrains),
    with_model("batch-order", ShufflesAgain),
    with_model("prediction-order", PredictsInSequence),
    with_model("prediction-order", PredictsInFloat64),
    with_model("resident-pass", IgnoresTheOrderOfResidentArrays),
    with_model("resident-pass", TakesEachResidentImageOnce),
    with_model("resident-keys", KeepsResidentArraysForEver),
    with_model("arrays-untouched", NormalizesInPlace),
    with_model("prediction-changes-nothing", PredictsWithNoise),
    with_model("repetition", TrainsWithNoise),
    with_model("independent-models", SharesStateBetweenModels),
    with_model("compile", TakesAStepToCompile),
    with_model("compile", CompileLeavesOptimizerState),
    with_model("compile", CompileDrawsRandomNumbers),
    with_model("memory", KeepsEveryPass),
    with_model("memory", KeepsABatchOfEveryEpoch),
    with_model("memory", KeepsTheReturnedArrays),
    with_engine("memory-of-models", KeepsEveryModel),
    with_engine("memory-of-models", GrowsOnTheDevice),
    with_model("barrier", WorksOnAfterTheBarrier),
)
