"""Replicates of a variant that a backend trains as one program, each as if it were alone.

Each trial runs as every trial does, with its own batches, early stopping and metrics, and stops
where its model would work. When all have come that far the work is done for all of them at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.data.sources.cache import CachedImages
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Backend, Engine, EpochResult, Model
from cnnbench.plugin.executor import Outcome
from cnnbench.plugin.stacked import ModelLoop, Passes, StackedModel
from cnnbench.recipe.transfer import Stage
from cnnbench.results.record import Beside, Epoch
from cnnbench.training.lane import Lane
from cnnbench.training.trial import run_trial
from cnnbench.trials.optimization import Optimization
from cnnbench.trials.trial import Trial

LOGGER = logging.getLogger(__name__)

Kind = Literal["build", "compile", "predict", "train"]
KINDS: tuple[Kind, ...] = ("build", "compile", "predict", "train")
"""What trials wait for each other with; what comes first is done first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Work on a model that is done for all who ask for it. given: batches, or the initial state."""

    kind: Kind
    given: Any
    learning_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Own:
    """Work that concerns one trial alone, to be done in the leader's thread."""

    work: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class _Start:
    network: Network
    weights: Weights
    optimization: Optimization
    seed: int


class Replicate(Model):
    """One of a stack, as its trial sees it."""

    def __init__(self, lane: Lane[Outcome]) -> None:
        self._lane = lane
        self.stack: StackedModel
        self.place = 0

    def compile(self, batches: Batches) -> None:
        """With all others."""
        self._lane.ask(Asked("compile", batches))

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """With all that train on."""
        result: EpochResult = self._lane.ask(Asked("train", batches, learning_rate))
        return result

    def predict(self, batches: Batches) -> NDArray[np.float32]:
        """With all that predict now."""
        probabilities: NDArray[np.float32] = self._lane.ask(Asked("predict", batches))
        return probabilities

    def get_weights(self) -> Weights:
        """Its own."""
        weights: Weights = self._lane.ask(Own(lambda: self.stack.get_weights(self.place)))
        return weights

    def set_weights(self, weights: Weights) -> None:
        """Its own."""
        self._lane.ask(Own(lambda: self.stack.set_weights(self.place, weights)))


def run_stack(
    trials: Sequence[Trial],
    backend: Backend,
    engine: Engine,
    *,
    open_images: Callable[[Trial], CachedImages],
    beside: Beside,
    on_epoch: Callable[[Trial, Epoch], None],
) -> Iterator[Outcome]:
    """Train and test trials that differ in their replicate alone; yield outcomes as they end.

    Times are those that a trial took by itself, and of what was done for several an equal share.
    """
    together = beside.model_copy(update={"stack": len(trials)})

    def work(trial: Trial, lane: Lane[Outcome]) -> Outcome:
        return run_trial(
            trial,
            backend,
            engine,
            open_images=lambda it: lane.ask(Own(lambda: open_images(it))),
            beside=together,
            on_epoch=lambda epoch: lane.ask(Own(lambda: on_epoch(trial, epoch))),
            build=partial(_build, lane),
        )

    lanes = [Lane(partial(work, trial)) for trial in trials]
    try:
        yield from _lead(lanes, engine)
    finally:
        for lane in lanes:
            lane.abandon()


def _build(
    lane: Lane[Outcome],
    trial: Trial,
    _: Engine,
    network: Network,
    weights: Weights,
    stage: Stage,
) -> Model:
    start = _Start(network, weights, trial.optimization_of(stage), trial.seed_for("dropout"))
    model: Model = lane.ask(Asked("build", start))
    return model


def _lead(lanes: Sequence[Lane[Outcome]], engine: Engine) -> Iterator[Outcome]:
    running = [*lanes]
    starts: dict[Lane[Outcome], _Start] = {}
    models: dict[Lane[Outcome], Replicate] = {}
    for lane in lanes:
        _go_on(lane)
    while True:
        for lane in [lane for lane in running if lane.ended]:
            running.remove(lane)
            yield lane.result
        if not running:
            return
        kind = next(kind for kind in KINDS if any(x.request.kind == kind for x in running))
        asking = [lane for lane in running if lane.request.kind == kind]
        if kind == "build":
            for lane in asking:
                starts[lane], models[lane] = lane.request.given, Replicate(lane)
                _go_on(lane, models[lane])
            continue
        if kind == "compile" and not _stack({x: starts[x] for x in asking}, models, engine):
            continue
        for group in _alike(asking):
            _serve(group, models)


def _go_on(lane: Lane[Outcome], answer: Any = None, error: BaseException | None = None) -> None:
    """On to what it shares with others, or to its end."""
    lane.go_on(answer, error)
    while not lane.ended and isinstance(lane.request, Own):
        answer, error, begun = None, None, time.perf_counter()
        try:
            answer = lane.request.work()
        except Exception as caught:  # noqa: BLE001 - the trial's own to be told of
            error = caught
        lane.charge(time.perf_counter() - begun)
        lane.go_on(answer, error)


def _stack(
    starts: Mapping[Lane[Outcome], _Start],
    models: Mapping[Lane[Outcome], Replicate],
    engine: Engine,
) -> bool:
    """Build the stack, or models to be trained in turn where the passes are not of one size.

    False where that failed, which ends all of the trials.
    """
    begun, first = time.perf_counter(), next(iter(starts.values()))
    weights = [start.weights for start in starts.values()]
    seeds = [start.seed for start in starts.values()]
    stack: StackedModel
    try:
        if len(starts) > 1 and len(_alike([*starts])) == 1:
            stack = engine.build_stacked(first.network, weights, first.optimization, seeds)
        else:
            LOGGER.info("%d replicates are trained in turn, not as one", len(starts))
            each = zip(weights, seeds, strict=True)
            build = partial(engine.build, first.network)
            stack = ModelLoop([build(arrays, first.optimization, seed) for arrays, seed in each])
    except Exception as error:  # noqa: BLE001 - what is wrong with a stack is so for all of it
        for lane in starts:
            _go_on(lane, error=error)
        return False
    share = (time.perf_counter() - begun) / len(starts)
    for place, lane in enumerate(starts):
        models[lane].stack, models[lane].place = stack, place
        lane.charge(share)
    return True


def _alike(asking: Sequence[Lane[Outcome]]) -> list[list[Lane[Outcome]]]:
    """Those that ask for passes of one size, and so for what can be done at once."""
    groups: dict[tuple[int, int], list[Lane[Outcome]]] = {}
    for lane in asking:
        batches = lane.request.given
        groups.setdefault((batches.size, batches.batch_size), []).append(lane)
    return [*groups.values()]


def _serve(group: Sequence[Lane[Outcome]], models: Mapping[Lane[Outcome], Replicate]) -> None:
    """Do what these ask for, which is the same for all, and let them go on."""
    stack, request = models[group[0]].stack, group[0].request
    passes: Passes = {models[lane].place: lane.request.given for lane in group}
    before = {place: batches.waited for place, batches in passes.items()}
    answers: Mapping[int, Any] = {}
    begun, error = time.perf_counter(), None
    try:
        match request.kind:
            case "train":
                answers = stack.train_epoch(passes, request.learning_rate)
            case "predict":
                answers = stack.predict(passes)
            case _:
                stack.compile(passes)
        stack.synchronize()
    except Exception as caught:  # noqa: BLE001 - what is wrong with a step is so for all of it
        error = caught
    took = time.perf_counter() - begun
    waited = {place: batches.waited - before[place] for place, batches in passes.items()}
    share = (took - sum(waited.values())) / len(group)
    for lane in group:
        lane.charge(share + waited[models[lane].place])
    for lane in group:
        _go_on(lane, answers.get(models[lane].place), error)
