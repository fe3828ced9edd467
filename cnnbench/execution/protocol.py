"""Outcomes and probes as JSON values, in which they travel between processes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.plugin.executor import Outcome
from cnnbench.results.probe import Course, Probe
from cnnbench.results.record import Epoch, Record

_PLAIN = ("variant", "replicate", "backend", "precision", "branching", "reason")
"""The fields of a probe that are JSON values already."""


def pack_outcome(outcome: Outcome) -> dict[str, Any]:
    """An outcome; arrays as base64 of their little-endian bytes."""
    return {
        "record": outcome.record.model_dump(mode="json"),
        "history": [epoch.model_dump(mode="json") for epoch in outcome.history],
        "predictions": _pack(outcome.predictions),
        "rows": _pack(outcome.rows),
        "labels": _pack(outcome.labels),
        "environment": outcome.environment,
    }


def unpack_outcome(content: Mapping[str, Any]) -> Outcome:
    """The outcome that `pack_outcome` packed."""
    return Outcome(
        record=Record.model_validate(content["record"]),
        history=tuple(Epoch.model_validate(epoch) for epoch in content["history"]),
        predictions=_unpack(content["predictions"]),
        rows=_unpack(content["rows"]),
        labels=_unpack(content["labels"]),
        environment=content["environment"],
    )


def pack_probe(probe: Probe) -> dict[str, Any]:
    """A probe."""
    return {
        **{name: getattr(probe, name) for name in _PLAIN},
        "courses": [_pack_course(course) for course in (probe.course, *probe.nudged) if course],
        "labels": _pack(probe.labels),
    }


def unpack_probe(content: Mapping[str, Any]) -> Probe:
    """The probe that `pack_probe` packed."""
    courses = [_unpack_course(course) for course in content["courses"]]
    return Probe(
        **{name: content[name] for name in _PLAIN},
        course=courses[0] if courses else None,
        nudged=tuple(courses[1:]),
        labels=_unpack(content["labels"]),
    )


def _pack_course(course: Course) -> dict[str, Any]:
    return {field.name: _pack(getattr(course, field.name)) for field in fields(Course)}


def _unpack_course(content: Mapping[str, Any]) -> Course:
    arrays: dict[str, Any] = {name: _unpack(array) for name, array in content.items()}
    return Course(**arrays)


def _pack(array: NDArray[Any] | None) -> dict[str, Any] | None:
    if array is None:
        return None
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {
        "dtype": little.dtype.str,
        "shape": little.shape,
        "data": base64.b64encode(little.tobytes()).decode(),
    }


def _unpack(content: Mapping[str, Any] | None) -> NDArray[Any] | None:
    if content is None:
        return None
    data = base64.b64decode(content["data"])
    return np.frombuffer(data, content["dtype"]).reshape(content["shape"])
