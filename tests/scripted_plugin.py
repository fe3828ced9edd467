"""A plugin whose backends misbehave on request; the fixture `scripted` puts it on a path.

Learning rates are what a recipe can vary and a backend sees, so they say what is to go wrong.
"""

import os
import signal
import time
from pathlib import Path
from typing import ClassVar

import numpy as np

from cnnbench.plugin import Availability, EpochResult, PluginError, hookimpl
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel
from cnnbench.testing.reference import Reference
from cnnbench.testing.reference.model import NODES
from cnnbench.testing.reference.normalization import BatchNormNode

CNNBENCH_INTERFACE = "1.0"
TEST_IMAGES = 30
"""As many as the tiny study has."""


class ScriptedModel(NumpyModel):
    fails_on = 0
    epochs = 0

    def train_epoch(self, batches, learning_rate):
        self.epochs += 1
        if learning_rate == 9.0:
            os.kill(os.getpid(), signal.SIGKILL)
        if learning_rate == 8.0:
            time.sleep(600)
        if learning_rate == 3.0 and self.epochs == 2:
            time.sleep(600)
        if learning_rate == 2.0 and self.epochs == 2:
            os._exit(5)
        if learning_rate == 7.0 and "SCRIPTED_IS_MENDED" not in os.environ:
            raise RuntimeError("the kernel\nfell over")
        if learning_rate == 6.0:
            return EpochResult(loss=float("nan"), penalty=0.0, correct=0, count=1)
        print("a framework that prints")
        result = super().train_epoch(batches, learning_rate)
        if learning_rate == 5.0:  # the last step went too far
            self.set_weights({name: x * np.nan for name, x in self.get_weights().items()})
        self.fails_on = TEST_IMAGES if learning_rate == 4.0 else 0
        return result

    def predict(self, batches):
        predicted = super().predict(batches)
        return predicted * np.nan if len(predicted) == self.fails_on else predicted


class ScriptedEngine(NumpyEngine):
    model = ScriptedModel


class Scripted(NumpyBackend):
    name = "scripted"
    engine = ScriptedEngine


class RoundedModel(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        result = super().train_epoch(batches, learning_rate)
        self.set_weights(self.get_weights())  # which are float32
        return result


class RoundedEngine(NumpyEngine):
    model = RoundedModel


class Rounded(NumpyBackend):
    name = "rounded"
    engine = RoundedEngine


class HastyModel(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        return super().train_epoch(batches, 1.01 * learning_rate)


class HastyEngine(NumpyEngine):
    model = HastyModel


class Hasty(NumpyBackend):
    name = "hasty"
    engine = HastyEngine


class LateModel(NumpyModel):
    """Climbs the gradient from the second whole epoch on; parity takes the first step by step."""

    epochs = 0

    def train_epoch(self, batches, learning_rate):
        self.epochs += len(batches) > 1
        return super().train_epoch(batches, -learning_rate if self.epochs > 1 else learning_rate)


class LateEngine(NumpyEngine):
    model = LateModel


class Late(NumpyBackend):
    name = "late"
    engine = LateEngine


class StuckNode(BatchNormNode):
    """Its moving statistics stay where they start."""

    def follow(self, name, value):
        pass


class StuckReference(Reference):
    nodes_of: ClassVar = {**NODES, "batch_norm": StuckNode}


class StuckModel(NumpyModel):
    reference = StuckReference


class StuckEngine(NumpyEngine):
    model = StuckModel


class Stuck(NumpyBackend):
    name = "stuck"
    engine = StuckEngine


class Absent(NumpyBackend):
    name = "absent"

    def check(self):
        return Availability(
            available=False, reason="its framework is not installed", install="pip install it"
        )


class Stillborn(NumpyBackend):
    name = "stillborn"

    def open(self, device, threads):
        os._exit(3)


class Broken(NumpyBackend):
    name = "broken"

    def open(self, device, threads):
        raise ValueError("the framework's\nlibrary is damaged")


class Hanging(NumpyBackend):
    name = "hanging"

    def open(self, device, threads):
        time.sleep(600)


class Fitful(Scripted):
    """Dies every second time that it is opened."""

    name = "fitful"

    def open(self, device, threads):
        died = Path(os.environ["FITFUL"])
        if not died.exists():
            died.touch()
            os._exit(3)
        died.unlink()
        return super().open(device, threads)


class LonelyModel(ScriptedModel):
    def train_epoch(self, batches, learning_rate):
        until = time.monotonic() + 300
        while not Path(os.environ["LONELY"]).exists():
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.02)
        return super().train_epoch(batches, learning_rate)


class LonelyEngine(ScriptedEngine):
    model = LonelyModel


class Lonely(Scripted):
    """Can be opened once; what it trains waits for a file."""

    name = "lonely"
    engine = LonelyEngine

    def open(self, device, threads):
        try:
            Path(os.environ["LONELY"]).with_suffix(".open").mkdir()
        except FileExistsError:
            match os.environ["LONELY_MANNER"]:
                case "dies":
                    os._exit(3)
                case "refuses":
                    raise PluginError("the memory is taken") from None
                case "hangs":
                    time.sleep(600)
        return super().open(device, threads)


@hookimpl
def cnnbench_backends():
    strange = [Absent(), Stillborn(), Broken(), Hanging(), Fitful(), Lonely()]
    return [Scripted(), Rounded(), Hasty(), Late(), Stuck(), *strange]
