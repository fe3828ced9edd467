"""Each interface and each hook opens with an example, and together the examples are a plugin."""

from __future__ import annotations

import inspect
import re
from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import pluggy
import pytest

import cnnbench.plugin
from cnnbench.data.passes.scaling import SCALINGS
from cnnbench.plugin import (
    Availability,
    Backend,
    Capabilities,
    DataSource,
    Dense,
    Engine,
    Epoch,
    EpochResult,
    Executor,
    Exporter,
    Flatten,
    InputScaling,
    Limits,
    Model,
    Network,
    NetworkError,
    Optimization,
    Outbox,
    PretrainedBase,
    PublishedAccuracy,
    ReportFormat,
    Request,
    ResidentSplits,
    RunEnded,
    ServiceTracker,
    StackedEngine,
    StackedModel,
    StackedStepModel,
    Status,
    StepModel,
    TrackingService,
    UpdateRule,
    hooks,
)
from cnnbench.testing import (
    ArrayBatches,
    StandIn,
    example_record,
    example_trial,
    initial_weights,
)
from cnnbench.testing.numpy_backend import NumpyEngine

INTERFACES = (
    *(Capabilities, Availability, EpochResult, Model, Engine, Backend, StepModel, ResidentSplits),
    *(DataSource, Executor, ReportFormat, InputScaling, PublishedAccuracy, PretrainedBase),
    *(Exporter, StackedModel, StackedStepModel, StackedEngine, UpdateRule),
)
"""In an order in which each example needs only those above it."""
HOOKS = [name for name in vars(hooks) if name.startswith("cnnbench_")]
NETWORK = Network(
    input_shape=(2, 2, 1), layers=(Flatten(), Dense(units=2, activation="linear")), classes=2
)


def example_of(thing: object) -> str:
    """The block that stands below the first line of the docstring, "" if none does."""
    text = f"{inspect.getdoc(thing)}\n"
    found = re.match(r"[^\n]+\n\n((?:    [^\n]*\n|\n)+)", text)
    return dedent(found[1]) if found else ""


class Framework:
    """Softmax regression as somebody else would have written it."""

    put = staticmethod(np.array)
    fetch = staticmethod(list)
    take = staticmethod(lambda array, rows: array[rows])

    @staticmethod
    def scores(arrays, images):
        logits = np.reshape(images, (len(images), -1)) @ arrays["dense_1/kernel"]
        powers = np.exp(logits + arrays["dense_1/bias"])
        return powers / powers.sum(axis=1, keepdims=True)

    @classmethod
    def step(cls, arrays, images, labels, weights, rate):
        scores = cls.scores(arrays, images)
        correct = int((scores.argmax(axis=1) == labels).sum())
        loss = float(-(weights * np.log(scores[np.arange(len(labels)), labels])).sum())
        slope = (scores - np.eye(2)[labels]) * weights[:, None] / len(labels)
        arrays["dense_1/kernel"] -= rate * np.reshape(images, (len(images), -1)).T @ slope
        arrays["dense_1/bias"] -= rate * slope.sum(axis=0)
        return SimpleNamespace(loss=loss, correct=correct)

    @classmethod
    def scores_all(cls, every, images):
        return np.stack([cls.scores(*each) for each in zip(every, images, strict=True)])

    @classmethod
    def step_all(cls, every, images, labels, weights, rate):
        given = zip(every, images, labels, weights, strict=True)
        steps = [cls.step(*each, rate) for each in given]
        return np.array([[step.loss, 0, step.correct] for step in steps], np.float32)


class Tracker:
    def __init__(self):
        self.heard = []

    def __getattr__(self, name):
        return lambda *values, **more: self.heard.append((name, *values, more))


def a_pass(seed):
    images = np.random.default_rng(seed).random((10, 2, 2, 1), np.float32)
    labels = (images.mean(axis=(1, 2, 3)) > 0.5).astype(np.int32)
    return ArrayBatches(images, labels, batch_size=4, key=f"train {seed}")


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """The names that the examples make, all run in one module."""
    monkeypatch.chdir(tmp_path)
    names = {name: getattr(cnnbench.plugin, name) for name in cnnbench.plugin.__all__}
    names |= {"np": np, "framework": Framework, "tracker": Tracker()}
    names |= {"network": NETWORK, "weights": initial_weights(NETWORK, 1)}
    names |= {"engine": NumpyEngine(), "optimization": Optimization("sgd")}
    names |= {"batches": a_pass(1), "others": a_pass(2)}
    for thing in (*INTERFACES, *(getattr(hooks, name) for name in HOOKS)):
        exec(example_of(thing), names)  # noqa: S102 - our own docstrings
    return SimpleNamespace(**names)


@pytest.mark.parametrize("thing", INTERFACES, ids=lambda thing: thing.__name__)
def test_an_interface_opens_with_an_example_that_uses_it(thing):
    assert thing.__name__ in example_of(thing)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_opens_with_an_example_that_implements_it(name):
    assert example_of(getattr(hooks, name)).startswith(f"@hookimpl\ndef {name}(")


def test_the_hooks_of_the_examples_bring_what_they_say(plugin):
    manager = pluggy.PluginManager("cnnbench")
    manager.add_hookspecs(hooks)
    manager.register(SimpleNamespace(**{name: getattr(plugin, name) for name in HOOKS}))
    manager.check_pending()
    kinds = (Backend, DataSource, Executor, ReportFormat, PretrainedBase, Exporter)
    told = ("cnnbench_trial", "cnnbench_epoch", "cnnbench_run")
    brought = [name for name in HOOKS if not name.startswith(told)]
    for name, kind in zip(brought, kinds, strict=True):
        ((thing,),) = getattr(manager.hook, name)()
        assert isinstance(thing, kind)


def test_the_tracker_of_the_examples_hears_of_a_trial(plugin):
    trial = example_trial()
    epoch = Epoch(epoch=1, loss=1.0, penalty=0.0, accuracy=0.5, learning_rate=0.1, seconds=1.0)
    reason = "the network was cut"
    record = example_record(trial, status=Status.FAILED, reason=reason, metrics={})
    plugin.cnnbench_trial_started(trial)
    plugin.cnnbench_epoch_ended(trial, epoch)
    plugin.cnnbench_trial_ended(trial, record)
    assert plugin.tracker.heard == [
        ("begin", trial.id, "plain", 0, {}),
        ("log", trial.id, 1, {"val_accuracy": None}),
        ("end", trial.id, {"failed": True}),
    ]


def test_the_tracker_of_the_examples_hears_of_the_end_of_a_run(plugin, tmp_path):
    rows = [{"variant": "plain", "test_accuracy_mean": 0.9}]
    run = RunEnded("tiny", "sketch", tmp_path, lambda: rows, lambda: "<html>")
    for example in (hooks.cnnbench_run_ended, RunEnded):
        plugin.tracker.heard.clear()
        names = vars(plugin) | {}
        exec(example_of(example), names)  # noqa: S102 - our own docstrings
        names["cnnbench_run_ended"](run)
        assert plugin.tracker.heard == [("keep", "tiny", rows, "<html>", {})]


def test_the_service_of_the_examples_is_told_what_the_tracker_hears(plugin, tmp_path, monkeypatch):
    server = Tracker()
    names = vars(plugin) | {"server": server}
    for example in (TrackingService, ServiceTracker):
        exec(example_of(example), names)  # noqa: S102 - our own docstrings
    tracker, trial = names["TRACKER"], example_trial(id="t1")
    epoch = Epoch(epoch=1, loss=1.5, penalty=0.0, accuracy=0.5, learning_rate=0.1, seconds=1.0)

    def run():
        tracker.cnnbench_trial_started(trial)
        tracker.cnnbench_epoch_ended(trial, epoch)
        tracker.cnnbench_trial_ended(trial, example_record(trial))
        tracker.cnnbench_run_ended(RunEnded("tiny", "sketch", tmp_path, list, str))

    monkeypatch.delenv("SERVER_URL", raising=False)
    run()
    assert server.heard == []
    monkeypatch.setenv("SERVER_URL", "there")
    run()
    assert [(name, about) for name, about, *_ in server.heard] == [
        ("begin", "t1"),
        ("log", "t1"),
        ("end", "t1"),
        ("keep", "tiny"),
    ]
    assert server.heard[0][2]["variant"] == "plain"
    assert server.heard[2][2] == {"test_accuracy": 0.875, "cost_training": 1.5}


def test_the_outbox_of_the_example_sends(plugin, tmp_path):
    heard = []
    names = vars(plugin) | {"server": SimpleNamespace(log=lambda *values: heard.append(values))}
    exec(example_of(Outbox), names)  # noqa: S102 - our own docstrings
    epoch = Epoch(epoch=1, loss=1.5, penalty=0.0, accuracy=0.5, learning_rate=0.1, seconds=1.0)
    names["cnnbench_epoch_ended"](example_trial(id="t1"), epoch)
    names["cnnbench_run_ended"](RunEnded("tiny", "sketch", tmp_path, list, str))
    assert heard == [("t1", 1.5)]


def test_the_models_of_the_examples_train_and_agree(plugin):
    batches = a_pass(1)
    weights = initial_weights(NETWORK, 1)
    engine = plugin.Sketch().open("cpu", 1)
    resident = ResidentSplits(Framework.put, Framework.take)
    models = [
        engine.build(NETWORK, weights, Optimization("sgd"), 1),
        plugin.StepwiseModel(weights, resident),
        plugin.StepwiseModel(weights),
    ]
    first = [model.train_epoch(batches, 0.5) for model in models]
    last = [model.train_epoch(batches, 0.5) for model in models]
    assert [x.count for x in first] == [10, 10, 10]
    assert all(after.loss < before.loss for before, after in zip(first, last, strict=True))
    expected = models[0].predict(batches)
    assert expected.shape == (10, 2)
    for model in models:
        np.testing.assert_allclose(model.predict(batches), expected, rtol=1e-5)
        model.set_weights(weights)
        for name, array in model.get_weights().items():
            np.testing.assert_array_equal(array, initial_weights(NETWORK, 1)[name])


def test_the_stacks_of_the_examples_train_each_as_one_alone(plugin):
    weights = [initial_weights(NETWORK, seed) for seed in (1, 2)]
    passes = {0: a_pass(1), 1: a_pass(2)}
    stack = plugin.StackedSketch(weights)
    results = stack.train_epoch(passes, 0.5)
    for number, start in enumerate(weights):
        alone = plugin.StepwiseModel(start)
        assert alone.train_epoch(passes[number], 0.5) == results[number]
        np.testing.assert_allclose(
            stack.predict(passes)[number], alone.predict(passes[number]), rtol=1e-6
        )
        assert stack.get_weights(number).keys() == start.keys()
    assert plugin.results.keys() == {0, 1}
    assert not np.array_equal(plugin.one["dense_1/kernel"], plugin.two["dense_1/kernel"])
    assert plugin.result == plugin.StepwiseModel(weights[0]).train_epoch(passes[0], 0.5)


def test_the_rule_of_the_examples_moves_arrays(plugin):
    # The gradients are 0.5 and -0.5, their norm 1.5811, which is clipped to 1.
    move = 0.1 * 0.5 / np.sqrt(10 * 0.25)
    assert plugin.arrays["dense_1/kernel"] == pytest.approx(np.full((4, 2), 1 - move))
    assert plugin.arrays["dense_1/bias"] == pytest.approx(np.full(2, move))
    assert [len(slots) for slots in plugin.kept.values()] == [1, 1]


def test_the_backend_of_the_examples_says_what_is_missing(plugin):
    answer = plugin.Sketch().check()
    assert (answer.available, answer.install) == (False, "pip install framework")
    assert plugin.Sketch().environment("cpu", 2)["OMP_NUM_THREADS"] == "2"
    conv = Network(input_shape=(8, 8, 1), layers=(cnnbench.plugin.Conv(filters=2),), classes=2)
    assert plugin.dense_only.missing(conv, Optimization("adam")) == "layer conv"


def test_the_source_of_the_examples_delivers_what_it_announces(plugin):
    request = Request(image_size=(4, 5), color="rgb")
    source = plugin.Dots()
    facts, images = source.facts(request), source.load(request)
    assert images.images.shape == (facts.count["all"], *facts.shape)
    assert images.classes == facts.classes


def test_the_base_of_the_examples_brings_a_network_and_its_arrays(plugin):
    base = plugin.Photos()
    assert base.network((64, 64, 3)).output == "features"
    with pytest.raises(NetworkError):
        base.network((1, 1)).nodes()
    np.savez("photos.npz", **{"conv1/kernel": np.ones(3)})
    assert base.weights().keys() == {"conv1/kernel"}
    assert base.scaling == SCALINGS["keras"]
    assert plugin.scaled.max() == 1


def test_the_format_of_the_examples_renders(plugin):
    assert plugin.count.render(SimpleNamespace(tables=(1, 2))) == "2 recipes"


def test_the_executor_of_the_examples_runs_each_trial(plugin):
    trials = [example_trial(id=each, variant="plain") for each in ("one", "two")]
    heard = []
    work = StandIn("stand-in", "cpu", Limits(1, 1), {}, folder="notes")
    done = [
        outcome.record.trial for outcome in plugin.Queue().run(trials, None, heard.append, work)
    ]
    assert done == ["one", "two"]
    assert [type(event).__name__ for event in heard] == ["TrialStarted", "TrialEnded"] * 2
