"""One trial from images to outcome; whatever goes wrong becomes a record, not an exception."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from cnnbench.data.sources.cache import CachedImages
from cnnbench.errors import CnnbenchError
from cnnbench.network.summary import summarize
from cnnbench.plugin.backend import Backend, Engine
from cnnbench.plugin.executor import Outcome
from cnnbench.results.details import Predictions
from cnnbench.results.environment import environment_key, machine_environment
from cnnbench.results.record import Beside, Costs, Epoch, Pretrained, Record, Status
from cnnbench.training.build import Build, build_model
from cnnbench.training.costs import OF_PREDICTION, Stopwatch, peak_memory, reset_peak_memory
from cnnbench.training.crash import describe_crash, whole_crash
from cnnbench.training.fit import DivergedError
from cnnbench.training.images import TrialImages, prepare_images
from cnnbench.training.meter import Meter
from cnnbench.training.metrics import evaluate, trivial_levels
from cnnbench.training.networks import Answers, Gathered, Training
from cnnbench.training.together import answers_of
from cnnbench.trials.trial import Trial

LOGGER = logging.getLogger(__name__)


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
    result = Gathered()
    status, reason, failure = Status.OK, "", ""
    meter = Meter(beside, gpu=engine.device != "cpu")
    with total, meter:
        try:
            reset_peak_memory()
            images = prepare_images(trial, open_images(trial))
            training = Training(engine, build, on_epoch, result, alone=beside.stack == 1)
            _carry_out(trial, backend, images, training)
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
                evaluation=result.fitted.evaluation or None,
                training=result.fitted.training or None,
                data=result.fitted.data if result.fitted.history else None,
                images_per_second=result.fitted.images_per_second,
                total=total.last,
                peak_memory=peak_memory(),
                device_memory=engine.device_memory(),
                **meter.costs,
            ),
            "unmeasured": result.unmeasured | meter.unmeasured,
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
        member=trial.member.label if trial.member else "",
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
        trained_in=found.trained_in,
    )


def engine_environment(engine: Engine) -> dict[str, Any]:
    """The machine and what computes on it; stored once by hash."""
    return {
        **machine_environment(),
        "backend_versions": dict(engine.versions),
        "device": engine.device,
    }


def _carry_out(trial: Trial, backend: Backend, images: TrialImages, training: Training) -> None:
    result = training.result
    result.fields["samples"] = images.samples()
    summary = summarize(trial.network)
    result.costs |= {"parameters": summary.parameters, "flops": summary.flops}
    if missing := backend.capabilities.missing(trial.network, trial.optimization):
        raise UnsupportedError(f"backend {backend.name} lacks {missing}")

    answers, networks = answers_of(trial, training, images)
    counts = len(result.fitted.history), result.fitted.training, result.fitted.best_epoch
    LOGGER.info("trial %s: %d epochs in %.2f s, epoch %s counts", trial.id, *counts)
    if networks == 1:
        result.fields["best_epoch"] = result.fitted.best_epoch
    else:
        result.costs |= {
            name: value * networks for name, value in result.costs.items() if name in OF_PREDICTION
        }
    _judge(answers, images, result)


def _judge(answers: Answers, images: TrialImages, result: Gathered) -> None:
    rows, labels = images.split, images.chosen.labels
    metrics = {split: evaluate(x, labels[getattr(rows, split)]) for split, x in answers.items()}
    classes = len(images.chosen.classes)
    metrics["trivial"] = trivial_levels(labels[rows.train], labels[rows.test], classes)
    result.fields["metrics"] = metrics
    result.arrays |= {
        "predictions": answers["test"],
        "rows": rows.test,
        "labels": labels[rows.test],
    }
    if "validation" in answers:
        seen = rows.validation
        result.arrays["validation"] = Predictions(answers["validation"], seen, labels[seen])
