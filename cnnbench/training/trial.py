"""One trial from images to outcome; whatever goes wrong becomes a record, not an exception."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnbench.data.sources.cache import CachedImages
from cnnbench.errors import CnnbenchError
from cnnbench.network.network import Network
from cnnbench.network.summary import summarize
from cnnbench.plugin.backend import Backend, Engine, Model
from cnnbench.plugin.executor import Outcome
from cnnbench.results.environment import environment_key, machine_environment
from cnnbench.results.record import Beside, Costs, Epoch, Pretrained, Record, Status
from cnnbench.training.build import Build, build_model, starting_weights, weights_for
from cnnbench.training.costs import (
    BATCH_PREDICTIONS,
    SINGLE_PREDICTIONS,
    Stopwatch,
    latency,
    peak_memory,
    reset_peak_memory,
)
from cnnbench.training.crash import describe_crash, whole_crash
from cnnbench.training.features import shared_features
from cnnbench.training.fit import DivergedError, Fit, Validation, fit
from cnnbench.training.images import TrialImages, prepare_images
from cnnbench.training.metrics import class_probabilities, evaluate, trivial_levels
from cnnbench.trials.trial import Trial

LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Result:
    """Fields of the record, gathered as the trial goes: what is known survives a failure."""

    fields: dict[str, Any] = field(default_factory=dict)
    fitted: Fit = field(default_factory=Fit)
    costs: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Any] = field(default_factory=dict)


class UnsupportedError(CnnbenchError):
    """The backend declares that it lacks what the trial needs."""


def run_trial(
    trial: Trial,
    backend: Backend,
    engine: Engine,
    *,
    open_images: Callable[[Trial], CachedImages],
    beside: Beside,
    on_epoch: Callable[[Epoch], None],
    build: Build = build_model,
) -> Outcome:
    """Train and test one trial.

    open_images: gives the decoded source; called within, so that its errors become the record's.
    """
    started = time.time()
    total = Stopwatch()
    result = _Result()
    status, reason, failure = Status.OK, "", ""
    with total:
        try:
            reset_peak_memory()
            images = prepare_images(trial, open_images(trial))
            _carry_out(
                trial, backend, engine, images, build=build, on_epoch=on_epoch, result=result
            )
        except UnsupportedError as error:
            status, reason = Status.UNSUPPORTED, str(error)
        except CnnbenchError as error:
            status, reason = Status.FAILED, str(error)
            result.fields["diverged"] = isinstance(error, DivergedError)
        except Exception as error:
            status, reason = Status.FAILED, describe_crash(error)
            failure = whole_crash(error)
            LOGGER.info("trial %s crashed", trial.id, exc_info=True)
    environment = engine_environment(engine)
    record = blank_record(trial, status, reason, beside, started).model_copy(
        update={
            "device": engine.device,
            "environment": environment_key(environment),
            "epochs": len(result.fitted.history) or None,
            "costs": Costs(
                **result.costs,
                training=result.fitted.training or None,
                data=result.fitted.data if result.fitted.history else None,
                images_per_second=result.fitted.images_per_second,
                total=total.last,
                peak_memory=peak_memory(),
                device_memory=engine.device_memory(),
            ),
            **result.fields,
        }
    )
    return Outcome(
        record,
        tuple(result.fitted.history),
        environment=environment,
        failure=failure,
        **result.arrays,
    )


def blank_record(
    trial: Trial, status: Status, reason: str, beside: Beside | None, started: float
) -> Record:
    """The record of a trial of which nothing but its end is known."""
    return Record(
        trial=trial.id,
        recipe=trial.recipe,
        variant=trial.variant,
        replicate=trial.replicate,
        fold=trial.fold,
        backend=trial.backend,
        status=status,
        reason=reason,
        # The margin is the study's: trials that differ in it alone are the same trial.
        settings=trial.configuration.model_dump(mode="json", exclude={"evaluation": {"margin"}}),
        pretrained=_pretrained(trial),
        beside=beside,
        started=started,
    )


def _pretrained(trial: Trial) -> Pretrained | None:
    found = trial.arrays
    if found is None:
        return None
    return Pretrained(
        base=found.base,
        origin=found.origin,
        digest=found.digest,
        trained_on=found.trained_on,
        licence=found.licence,
    )


def engine_environment(engine: Engine) -> dict[str, Any]:
    """The machine and what computes on it; stored once by hash."""
    return {
        **machine_environment(),
        "backend_versions": dict(engine.versions),
        "device": engine.device,
    }


def _carry_out(
    trial: Trial,
    backend: Backend,
    engine: Engine,
    images: TrialImages,
    *,
    build: Build,
    on_epoch: Callable[[Epoch], None],
    result: _Result,
) -> None:
    result.fields["samples"] = images.samples()
    summary = summarize(trial.network)
    result.costs |= {"parameters": summary.parameters, "flops": summary.flops}
    if missing := backend.capabilities.missing(trial.network, trial.optimization):
        raise UnsupportedError(f"backend {backend.name} lacks {missing}")

    weights = starting_weights(trial)
    whole, compiling = images, Stopwatch()
    for stage in trial.schedule:
        images, network = whole, trial.network
        if features := shared_features(trial, stage, engine, whole, weights):
            result.costs["features"] = result.costs.get("features", 0) + features.seconds
            images, network = whole.of_features(features.rows), features.tail
        passes = images.training()
        epochs = map(passes.epoch, itertools.count(len(result.fitted.history)))
        validation = _validation(images)
        with compiling:
            model = build(trial, engine, network, weights_for(network, weights), stage)
            model.compile(passes.epoch(0))
            model.synchronize()
        LOGGER.info("trial %s: built and compiled in %.2f s", trial.id, compiling.last)
        result.costs["compile"] = compiling.seconds
        fit(model, epochs, validation, stage, fitted=result.fitted, on_epoch=on_epoch)
        weights = {**weights, **model.get_weights()}
    result.fields["best_epoch"] = best = result.fitted.best_epoch
    counts = len(result.fitted.history), result.fitted.training
    LOGGER.info("trial %s: %d epochs in %.2f s, epoch %s counts", trial.id, *counts, best)
    _test(model, network, images, result)
    if trial.keeps_weights:
        result.arrays["weights"] = weights


def _validation(images: TrialImages) -> Validation | None:
    rows = images.split.validation
    if not len(rows):
        return None
    return Validation(images.evaluation(rows), images.chosen.labels[rows])


def _test(model: Model, network: Network, images: TrialImages, result: _Result) -> None:
    """Look at the test images, once, with the weights that validation chose."""
    rows, labels = images.split, images.chosen.labels
    watch = Stopwatch()
    with watch:
        test = class_probabilities(model.predict(images.evaluation(rows.test)))
    if not np.isfinite(test).all():
        raise DivergedError("the probabilities of the test images are not finite numbers")
    metrics = {"test": evaluate(test, labels[rows.test])}
    if len(rows.validation):
        validation = class_probabilities(model.predict(images.evaluation(rows.validation)))
        metrics["validation"] = evaluate(validation, labels[rows.validation])
    classes = len(images.chosen.classes)
    metrics["trivial"] = trivial_levels(labels[rows.train], labels[rows.test], classes)
    result.fields["metrics"] = metrics
    result.arrays = {
        "predictions": test,
        "rows": rows.test,
        "labels": labels[rows.test],
    }
    batch = rows.test[: images.trial.configuration.training.batch_size]
    result.costs |= {
        "evaluation": result.fitted.evaluation + watch.last,
    }
    # What takes features is only a part of the network: its time would tell nothing of an image's.
    if network is images.trial.network:
        result.costs |= {
            "latency_single": latency(model, images.evaluation(batch[:1], 1), SINGLE_PREDICTIONS),
            "latency_batch": latency(model, images.evaluation(batch), BATCH_PREDICTIONS),
        }
