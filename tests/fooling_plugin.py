"""Backends that are right in every single step and wrong in whole epochs, as parity must notice.

A whole epoch has more than one batch; parity takes the first one batch at a time, too.
"""

from __future__ import annotations

from cnnbench.network.layers import Dropout
from cnnbench.plugin import hookimpl
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel

CNNBENCH_INTERFACE = "1.0"


class HonestModel(NumpyModel):
    """Rounds its weights to float32 after every epoch, and does nothing wrong."""

    passes = 0

    def train_epoch(self, batches, learning_rate):
        self.passes += len(batches) > 1
        result = self.train_pass(batches, learning_rate)
        self.set_weights(self.get_weights())  # which are float32
        return result

    def train_pass(self, batches, learning_rate):
        return super().train_epoch(batches, learning_rate)


class TakesLongStepsLater(HonestModel):
    def train_pass(self, batches, learning_rate):
        return super().train_pass(batches, learning_rate * (1.5 if self.passes > 1 else 1))


class DropsTheIncompleteBatch(HonestModel):
    def train_pass(self, batches, learning_rate):
        sizes = [len(batch.labels) for batch in batches]
        whole = len(sizes) - (len(sizes) > 1 and sizes[-1] < sizes[0])
        return super().train_pass(batches.select(0, whole), learning_rate)


class KeepsTheFirstOrder(HonestModel):
    first = None

    def train_pass(self, batches, learning_rate):
        if len(batches) > 1:
            self.first = batches = self.first or batches
        return super().train_pass(batches, learning_rate)


class ConfusesLabelsLater(HonestModel):
    """One in twenty becomes the next class."""

    def train_pass(self, batches, learning_rate):
        if self.passes > 1:
            batches = [self.confused(batch) for batch in batches]
        return super().train_pass(batches, learning_rate)

    def confused(self, batch):
        labels = batch.labels.copy()
        labels[::20] = (labels[::20] + 1) % 10
        return batch._replace(labels=labels)


class StopsAfterTenEpochs(HonestModel):
    def train_pass(self, batches, learning_rate):
        return super().train_pass(batches, learning_rate * (self.passes <= 10))


class IgnoresDropout(HonestModel):
    def __init__(self, network, weights, optimization, seed):
        layers = (
            layer.model_copy(update={"rate": 0.0}) if isinstance(layer, Dropout) else layer
            for layer in network.layers
        )
        network = network.model_copy(update={"layers": tuple(layers)})
        super().__init__(network, weights, optimization, seed)


def backend_of(backend_name, model_type):
    class FoolingEngine(NumpyEngine):
        model = model_type

    class Fooling(NumpyBackend):
        name = backend_name
        engine = FoolingEngine

    return Fooling()


BACKENDS = {
    "reference": NumpyModel,
    "honest": HonestModel,
    "long-steps": TakesLongStepsLater,
    "incomplete": DropsTheIncompleteBatch,
    "first-order": KeepsTheFirstOrder,
    "labels": ConfusesLabelsLater,
    "stops": StopsAfterTenEpochs,
    "no-dropout": IgnoresDropout,
}


@hookimpl
def cnnbench_backends():
    return [backend_of(name, model) for name, model in BACKENDS.items()]
