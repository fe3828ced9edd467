"""What a worker does for parity: it takes a trial apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from cnnbench.execution.arrays import pack_array, unpack_array
from cnnbench.execution.bench import Bench
from cnnbench.parity.epoch import blank_probe, branches, course_of, nudged_builds
from cnnbench.parity.probe import Probe, Trajectory
from cnnbench.plugin.executor import Outcome
from cnnbench.results.record import Status
from cnnbench.training.build import build_model
from cnnbench.training.images import prepare_images
from cnnbench.trials.trial import Trial

_PLAIN = ("variant", "replicate", "backend", "precision", "branching", "reason")
"""The fields of a probe that are JSON values already."""


def probe_here(bench: Bench, trial: Trial, *, nudged: bool) -> dict[str, Any]:
    """What `probe_trial` finds, as JSON values: what a worker is asked for by this name."""
    return pack_probe(probe_trial(bench, trial, nudged=nudged))


def probe_trial(bench: Bench, trial: Trial, *, nudged: bool) -> Probe:
    """Take one trial's first epoch apart, and train it whole.

    nudged: both some more times, from nudged weights.
    """
    found = blank_probe(trial, "")
    whole = bench.run(trial, lambda _: None)
    if whole.record.status is not Status.OK:
        return dataclasses.replace(found, reason=_reason(whole))
    images = prepare_images(trial, bench.images(trial))
    courses = [course_of(trial, bench.engine, images, build_model, whole)]
    for build in nudged_builds(trial) if nudged else ():
        again = bench.run(trial, lambda _: None, build)
        if again.record.status is not Status.OK:
            return dataclasses.replace(found, reason=_reason(again))
        courses.append(course_of(trial, bench.engine, images, build, again))
    return dataclasses.replace(
        found,
        branching=branches(trial),
        course=courses[0],
        nudged=tuple(courses[1:]),
        labels=whole.labels,
    )


def _reason(failed: Outcome) -> str:
    hint = "; parity -v shows the whole traceback" if failed.failure else ""
    return f"{failed.record.reason}{hint}"


def pack_probe(probe: Probe) -> dict[str, Any]:
    """A probe as JSON values."""
    return {
        **{name: getattr(probe, name) for name in _PLAIN},
        "courses": [_pack_course(course) for course in (probe.course, *probe.nudged) if course],
        "labels": pack_array(probe.labels),
    }


def unpack_probe(content: Mapping[str, Any]) -> Probe:
    """The probe that `pack_probe` packed."""
    courses = [_unpack_course(course) for course in content["courses"]]
    return Probe(
        **{name: content[name] for name in _PLAIN},
        course=courses[0] if courses else None,
        nudged=tuple(courses[1:]),
        labels=unpack_array(content["labels"]),
    )


def _pack_course(course: Trajectory) -> dict[str, Any]:
    return {field.name: pack_array(getattr(course, field.name)) for field in fields(Trajectory)}


def _unpack_course(content: Mapping[str, Any]) -> Trajectory:
    arrays: dict[str, Any] = {name: unpack_array(array) for name, array in content.items()}
    return Trajectory(**arrays)
