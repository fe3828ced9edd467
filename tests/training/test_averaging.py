"""Averages of weights against PyTorch's, and what a network has in the end against the paper."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from transfer_studies import Place

from cnnbench.network.layers import BatchNorm, Dense, Flatten
from cnnbench.network.network import Network
from cnnbench.network.weights import initial_weights
from cnnbench.recipe.training import Averaging, TrainingSpec
from cnnbench.recipe.transfer import Stage
from cnnbench.results.record import Status
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine, NumpyModel
from cnnbench.training.averaging import STANDSTILL, Average, measured_layers, with_statistics
from cnnbench.training.fit import Fit, fit
from cnnbench.trials.optimization import Optimization

SWA = Averaging(kind="swa", start=0.5)
EMA = Averaging(kind="ema", momentum=0.8)
RNG = np.random.default_rng(0)
PASSED = [{"a": RNG.normal(size=(3, 2)).astype(np.float32)} for _ in range(7)]


def mean_of(spec, passed=PASSED):
    average = Average(spec, len(passed))
    for number, weights in enumerate(passed, start=1):
        if average.takes(number):
            average.add(weights)
    return average.weights


def test_stochastic_weight_averaging_is_the_mean_of_the_last_epochs():
    # Half of seven epochs is done after 3.5: the fourth is the first that counts.
    expected = np.mean([weights["a"] for weights in PASSED[3:]], axis=0)
    np.testing.assert_allclose(mean_of(SWA)["a"], expected, rtol=1e-6)
    np.testing.assert_array_equal(mean_of(Averaging(kind="swa", start=0.99))["a"], PASSED[-1]["a"])


def test_the_first_epoch_that_counts_is_the_one_after_the_given_fraction():
    firsts = [Averaging(kind="swa", start=start).first(100) for start in (0, 0.29, 0.75, 0.999)]
    assert firsts == [1, 30, 76, 100]
    assert Averaging(kind="swa").first(1) == 1
    assert Averaging(kind="ema", start=0.5).first(100) == 1


@pytest.mark.framework
@pytest.mark.parametrize("spec", [Averaging(kind="swa", start=0.0), EMA], ids=lambda x: x.kind)
def test_averages_are_those_of_pytorch(spec):
    torch = pytest.importorskip("torch")
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    model = torch.nn.Linear(2, 3, bias=False)
    how = {"multi_avg_fn": get_ema_multi_avg_fn(spec.momentum)} if spec.kind == "ema" else {}
    theirs = AveragedModel(model, **how)
    for weights in PASSED:
        with torch.no_grad():
            model.weight.copy_(torch.from_numpy(weights["a"]))
        theirs.update_parameters(model)
    np.testing.assert_allclose(
        mean_of(spec)["a"], theirs.module.weight.detach().numpy(), rtol=1e-5, atol=1e-7
    )


NETWORK = Network(
    input_shape=(2, 2, 1),
    layers=(Flatten(), BatchNorm(momentum=0.9), Dense(units=3, activation="linear")),
    classes=3,
)
STATISTICS = ("batch_norm_1/mean", "batch_norm_1/variance")


def batches(count=10):
    images = RNG.normal(loc=3.0, scale=2.0, size=(count, 2, 2, 1)).astype(np.float32)
    return ArrayBatches(images, RNG.integers(0, 3, count).astype(np.int32), batch_size=4)


def model(optimizer="momentum"):
    return NumpyModel(NETWORK, initial_weights(NETWORK, seed=1), Optimization(optimizer), 1)


@pytest.mark.parametrize("spec", [SWA, EMA], ids=lambda x: x.kind)
def test_training_ends_with_the_average_of_the_weights_after_its_epochs(spec):
    trained, passed, fitted = model(), [], Fit()
    training = TrainingSpec(epochs=4, optimizer="momentum", averaging=spec)

    def keep(_):
        passed.append(trained.get_weights())

    epochs = (batches() for _ in range(4))
    fit(trained, epochs, None, Stage(frozenset(), training), fitted=fitted, on_epoch=keep)
    expected, ended = mean_of(spec, passed), trained.get_weights()
    assert fitted.best_epoch == len(passed) == 4
    for name, array in expected.items():
        np.testing.assert_allclose(ended[name], array, rtol=1e-6)
    assert not np.allclose(ended["dense_1/kernel"], passed[-1]["dense_1/kernel"])


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "adamw", "lion", "adagrad"])
def test_statistics_are_measured_in_one_pass_that_moves_nothing_else(optimizer):
    weights = {**initial_weights(NETWORK, seed=1), STATISTICS[0]: np.full(4, 7.0, np.float32)}
    passed = batches()
    layers = measured_layers(NETWORK, frozenset())
    found = with_statistics(weights, layers, model(optimizer), passed)
    vectors = passed.images.reshape(10, 4).astype(np.float64)
    parts = [vectors[:4], vectors[4:8], vectors[8:]]
    # Each batch fades by 0.9 with every one after it; that is what Adam's correction is for.
    shares = np.array([0.81, 0.9, 1.0]) / (0.81 + 0.9 + 1.0)
    for name, statistic in zip(STATISTICS, (np.mean, np.var), strict=True):
        expected = sum(share * statistic(x, axis=0) for share, x in zip(shares, parts, strict=True))
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)
    assert {name for name in weights if found[name] is not weights[name]} == {*STATISTICS}


def test_only_statistics_that_training_moves_are_measured():
    assert [*measured_layers(NETWORK, frozenset())] == ["batch_norm_1"]
    assert not measured_layers(NETWORK, frozenset({"batch_norm_1"}))
    still = NETWORK.model_copy(update={"layers": (BatchNorm(momentum=1.0), *NETWORK.layers)})
    assert [*measured_layers(still, frozenset())] == ["batch_norm_2"]


RECIPE = """
replicates = 1
[data]
source = "digits"
train = 22
validation = 6
test = 8
[network]
architecture = "layers"
layers = [{ type = "flatten" }, { type = "batch_norm", momentum = 0.9 }]
[training]
epochs = 3
batch_size = 8
optimizer = "momentum"
averaging.kind = "swa"
averaging.start = 0.4
[[variant]]
name = "averaged"
[[variant]]
name = "other"
training.epochs = 4
"""


class RecordingModel(NumpyModel):
    """Keeps the rates and images of its epochs, and its weights after each."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.rates, self.batches, self.passed = [], [], []

    def train_epoch(self, batches, learning_rate):
        self.rates.append(learning_rate)
        self.batches.append([batch.images for batch in batches])
        result = super().train_epoch(batches, learning_rate)
        self.passed.append(self.get_weights())
        return result


def test_a_trial_is_judged_with_averaged_weights_and_statistics_that_fit_them(tmp_path):
    built = []

    class RecordingEngine(NumpyEngine):
        def build(self, *arguments):
            built.append(RecordingModel(*arguments))
            return built[-1]

    class RecordingBackend(NumpyBackend):
        engine = RecordingEngine

    place = Place(tmp_path, recipe=RECIPE, backend=RecordingBackend())
    trial = place.trials["averaged"].model_copy(update={"keeps_weights": True})
    outcome = place.bench.run(trial, lambda _: None)

    assert outcome.record.status is Status.OK, outcome.record.reason
    assert outcome.record.best_epoch == len(outcome.history) == 3
    trained, measuring = built
    assert trained.rates == [0.01] * 3
    assert measuring.rates == [STANDSTILL]
    for part in ("dense_1/kernel", "dense_1/bias", "batch_norm_1/gamma"):
        mean = np.mean([weights[part] for weights in trained.passed[1:]], axis=0)
        np.testing.assert_allclose(outcome.weights[part], mean, rtol=1e-5, atol=1e-8)
    (seen,) = measuring.batches
    np.testing.assert_array_equal(np.concatenate(seen), np.concatenate(trained.batches[-1]))
    shares = np.array([0.81, 0.9, 1.0]) / 2.71
    for name, statistic in zip(STATISTICS, (np.mean, np.var), strict=True):
        found = [statistic(x.reshape(len(x), -1).astype(float), axis=0) for x in seen]
        np.testing.assert_allclose(outcome.weights[name], shares @ found, rtol=1e-4, atol=1e-7)
    scores = trained.predict(evaluation(outcome))
    np.testing.assert_allclose(scores, outcome.predictions, atol=1e-6)


def evaluation(outcome):
    """The test images of a trial of digits, scaled to 0..1."""
    pixels = np.round(load_digits().images * (255 / 16)).astype(np.float32) / 255
    images = pixels.reshape(-1, 8, 8, 1)[outcome.rows].astype(np.float32)
    return ArrayBatches(images, outcome.labels, batch_size=8)
