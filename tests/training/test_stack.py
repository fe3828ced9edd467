"""Replicates run as one leave the records that each leaves alone."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from cnnbench.execution.bench import planned_images
from cnnbench.loading.manager import load_plugins
from cnnbench.planning.study import plan_study, read_images
from cnnbench.plugin.backend import Capabilities
from cnnbench.plugin.stacked import ModelLoop
from cnnbench.recipe.load import load_recipe
from cnnbench.results.record import Beside, Status
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyEngine
from cnnbench.training.stack import run_stack
from cnnbench.training.trial import run_trial

pytestmark = pytest.mark.slow
RECIPE = """
replicates = 3
[data]
source = "digits"
train = 40
validation = 20
test = 20
[network]
filters = [3]
dense = []
dropout = 0.3
head = "global_average"
[training]
epochs = 6
batch_size = 16
optimizer = "sgd"
learning_rate = 0.5
[training.early_stopping]
patience = 1
monitor = "val_loss"
[augmentation]
rotation = 0.02
"""
ALONE = Beside(slots=1, threads=1, exclusive=False)


class NotingEngine(NumpyEngine):
    """Notes what its stacks are asked for, and how long a step takes at least."""

    def __init__(self, seconds=0.0):
        self.seconds, self.asked = seconds, []

    def build_stacked(self, network, weights, optimization, seeds):
        engine = self
        loop = super().build_stacked(network, weights, optimization, seeds)

        class Noting(ModelLoop):
            def train_epoch(self, passes, learning_rate):
                engine.asked.append(("train", sorted(passes), threading.current_thread()))
                time.sleep(engine.seconds)
                return super().train_epoch(passes, learning_rate)

            def predict(self, passes):
                engine.asked.append(("predict", sorted(passes), threading.current_thread()))
                return super().predict(passes)

        return Noting(loop._models)


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    plugins = load_plugins()

    def make(overrides=(), text=RECIPE, **options):
        path = tmp_path / "study.toml"
        path.write_text(text)
        recipe = load_recipe(path, find_source=plugins.source, overrides=overrides)
        known, _ = read_images(recipe, plugins)
        return plan_study(
            recipe, NumpyBackend(), "cpu", known, tmp_path / "results", **options
        ).trials

    make.images = lambda trial: planned_images(plugins, trial)
    return make


def stacked(plan, trials, engine=None, backend=None, on_epoch=lambda *_: None):
    return list(
        run_stack(
            trials, backend or NumpyBackend(), engine or NotingEngine(), open_images=plan.images,
            beside=ALONE, on_epoch=on_epoch,
        )
    )  # fmt: skip


def alone(plan, trial):
    return run_trial(
        trial, NumpyBackend(), NumpyEngine(), open_images=plan.images, beside=ALONE,
        on_epoch=lambda _: None,
    )  # fmt: skip


SPENT = {"costs", "beside", "started", "unmeasured"}


def told(outcome):
    """All that time does not change."""
    history = [epoch.model_dump(exclude={"seconds"}) for epoch in outcome.history]
    return outcome.record.model_dump(exclude=SPENT), history


def expect_same(found, expected):
    assert told(found) == told(expected)
    for name in ("predictions", "rows", "labels"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_replicates_of_a_stack_leave_what_each_leaves_alone(plan):
    trials = plan()
    engine = NotingEngine()
    outcomes = {x.record.trial: x for x in stacked(plan, trials, engine)}
    for trial in trials:
        expect_same(outcomes[trial.id], alone(plan, trial))
    epochs = {len(x.history) for x in outcomes.values()}
    assert len(epochs) > 1, "early stopping ends them at different epochs"
    sizes = [len(which) for kind, which, _ in engine.asked if kind == "train"]
    assert sizes[0] == 3
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 3


def test_a_stopped_replicate_is_asked_before_the_others_train_on(plan):
    engine = NotingEngine()
    stacked(plan, plan(), engine)
    gone = set()
    for kind, which, _ in engine.asked:
        if kind == "train":
            gone = {0, 1, 2} - set(which)
        else:
            assert not gone & set(which), "its arrays count no more"


def test_all_work_on_models_is_done_by_the_thread_that_leads(plan):
    engine = NotingEngine()
    stacked(plan, plan(), engine)
    assert {thread for *_, thread in engine.asked} == {threading.current_thread()}


def test_weights_are_kept_of_each(plan):
    trials = plan(save_weights=True)
    for outcome in stacked(plan, trials):
        [same] = [x for x in trials if x.id == outcome.record.trial]
        expected = alone(plan, same).weights
        assert expected
        for name, array in expected.items():
            np.testing.assert_array_equal(outcome.weights[name], array)


def test_epochs_are_told_of_each_while_it_runs(plan):
    heard = []
    outcomes = stacked(plan, plan(), on_epoch=lambda trial, epoch: heard.append((trial.id, epoch)))
    for outcome in outcomes:
        mine = [epoch for name, epoch in heard if name == outcome.record.trial]
        assert tuple(mine) == outcome.history


def test_a_replicate_that_diverges_leaves_the_others_alone(plan):
    """Learning rates are the same for all, so that images make the difference."""
    trials = plan(["augmentation.rotation=0", "training.epochs=2"])

    class Breaks(NumpyEngine):
        def build_stacked(self, network, weights, optimization, seeds):
            broken = {name: array * np.float32(np.nan) for name, array in weights[1].items()}
            weights = [weights[0], broken, weights[2]]
            return super().build_stacked(network, weights, optimization, seeds)

    outcomes = {x.record.trial: x for x in stacked(plan, trials, Breaks())}
    broken = outcomes[trials[1].id].record
    assert (broken.status, broken.diverged) == (Status.FAILED, True)
    for trial in (trials[0], trials[2]):
        expect_same(outcomes[trial.id], alone(plan, trial))


def test_times_are_shares_that_add_up_to_what_was_spent(plan):
    trials = plan(["training.early_stopping.patience=0", "training.epochs=2"])
    begun = time.perf_counter()
    outcomes = stacked(plan, trials, NotingEngine(seconds=0.3))
    spent = time.perf_counter() - begun
    totals = [x.record.costs.total for x in outcomes]
    assert sum(totals) <= spent
    assert sum(totals) > 0.6
    training = [x.record.costs.training for x in outcomes]
    assert all(x >= 0.2 for x in training), training
    for outcome in outcomes:
        record = outcome.record
        assert record.beside.stack == 3
        assert record.costs.latency_single is None
        assert "as one" in record.unmeasured["latency_single"]
        assert record.unmeasured["energy"] == "3 replicates were trained as one"


def test_what_is_wrong_with_the_stack_is_so_for_all(plan):
    class Refuses(NumpyEngine):
        def build_stacked(self, *_):
            raise MemoryError("no room for three")

    for outcome in stacked(plan, plan(), Refuses()):
        assert outcome.record.status is Status.FAILED
        assert "no room for three" in outcome.record.reason


def test_a_step_that_crashes_fails_all_of_them(plan):
    class Crashes(NumpyEngine):
        def build_stacked(self, *given):
            stack = super().build_stacked(*given)

            def crash(passes, learning_rate):
                raise RuntimeError("the kernel is gone")

            stack.train_epoch = crash
            return stack

    outcomes = stacked(plan, plan(), Crashes())
    assert len(outcomes) == 3
    assert all("the kernel is gone" in x.record.reason for x in outcomes)


def test_images_that_are_missing_for_one_cost_that_one(plan):
    trials = plan(["training.epochs=2"])

    def images(trial):
        if trial is trials[1]:
            raise OSError("the disk is gone")
        return plan.images(trial)

    run = run_stack(
        trials, NumpyBackend(), NotingEngine(), open_images=images, beside=ALONE,
        on_epoch=lambda *_: None,
    )  # fmt: skip
    outcomes = {x.record.trial: x for x in run}
    assert "the disk is gone" in outcomes[trials[1].id].record.reason
    for trial in (trials[0], trials[2]):
        expect_same(outcomes[trial.id], alone(plan, trial))


def test_splits_of_other_sizes_are_trained_in_turn(plan):
    """Replicates never differ so by themselves; here one is of another recipe."""
    trials = plan(["training.epochs=2"])
    other = plan(["training.epochs=2", "data.train=30"])[1]
    engine = NotingEngine()
    outcomes = {x.record.trial: x for x in stacked(plan, [trials[0], other, trials[2]], engine)}
    assert not engine.asked, "nothing was stacked"
    for trial in (trials[0], other, trials[2]):
        expect_same(outcomes[trial.id], alone(plan, trial))


def test_what_the_backend_lacks_is_unsupported_in_each(plan):
    class Poor(NumpyBackend):
        capabilities = Capabilities(optimizers=frozenset({"adam"}), stacked=True)

    outcomes = stacked(plan, plan(), backend=Poor())
    assert {x.record.status for x in outcomes} == {Status.UNSUPPORTED}


def lanes():
    return [x for x in threading.enumerate() if x.name == "cnnbench-lane"]


def test_a_run_that_is_closed_leaves_no_thread(plan):
    run = run_stack(
        plan(), NumpyBackend(), NotingEngine(), open_images=plan.images,
        beside=ALONE, on_epoch=lambda *_: None,
    )  # fmt: skip
    next(run)
    assert lanes(), "the others train on"
    run.close()
    assert not lanes()


def test_an_interrupt_ends_all_of_them(plan):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stacked(plan, plan(), on_epoch=interrupt)
    assert not lanes()
