"""Small studies that start from a base, on a backend that remembers what it is asked for."""

from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

from cnnbench.execution.bench import Bench
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.arrays import arrays_of
from cnnbench.planning.study import plan_study, read_images
from cnnbench.plugin.executor import Limits
from cnnbench.recipe.load import load_recipe
from cnnbench.results.record import Status
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel

RECIPE = """
replicates = 1
[data]
source = "digits"
image_size = [32, 32]
train = 12
validation = 6
test = 8
classes = ["0", "1"]
[transfer]
base = "mobilenet"
weights = "{weights}"
scaling = "keras"
head_epochs = 1
unfreeze_from = "conv_dw_13"
[transfer.head]
pooling = "average"
dense = []
dropout = 0
[training]
epochs = 2
batch_size = 4
optimizer = "sgd"
learning_rate = 0.05
[[variant]]
name = "features"
[[variant]]
name = "frozen"
transfer.strategy = "frozen"
[[variant]]
name = "partial"
transfer.strategy = "partial"
[[variant]]
name = "full"
transfer.strategy = "full"
[[variant]]
name = "scratch"
transfer.strategy = "scratch"
"""


class RecordingModel(NumpyModel):
    """Keeps what it was built with, and counts the images that it is shown."""

    built: ClassVar[list] = []

    def __init__(self, network, weights, optimization, seed):
        super().__init__(network, weights, optimization, seed)
        self.network, self.optimization, self.first, self.seen = network, optimization, weights, 0
        self.rates = []
        self.built.append(self)

    def predict(self, batches):
        self.seen += batches.size
        return super().predict(batches)

    def train_epoch(self, batches, learning_rate):
        self.rates.append(learning_rate)
        return super().train_epoch(batches, learning_rate)


class RecordingEngine(NumpyEngine):
    def build(self, network, weights, optimization, seed):
        return RecordingModel(network, weights, optimization, seed)


class RecordingBackend(NumpyBackend):
    def open(self, device, threads):
        return RecordingEngine()


class Place:
    """A folder, a cache of its own, and the trials of the recipe above."""

    def __init__(self, folder: Path, weights="random", *, recipe=RECIPE, backend=None):
        backend, sources = backend or RecordingBackend(), load_plugins()
        plugins = SimpleNamespace(source=sources.source, backend=lambda _: backend)
        (folder / "study.toml").write_text(recipe.replace("{weights}", str(weights)))
        recipe = load_recipe(folder / "study.toml", find_source=plugins.source)
        known, _ = read_images(recipe, plugins)
        study = plan_study(
            recipe, backend, "cpu", known, folder / "results", arrays=arrays_of(recipe, sources)
        )
        self.trials = {trial.variant: trial for trial in study.trials}
        self.bench = Bench(plugins, backend.name, "cpu", Limits(slots=1, threads=1))

    def run(self, variant):
        """The outcome, and the models that were built for it."""
        RecordingModel.built.clear()
        outcome = self.bench.run(self.trials[variant], lambda _: None)
        assert outcome.record.status is Status.OK, outcome.record.reason
        return outcome, [*RecordingModel.built]
