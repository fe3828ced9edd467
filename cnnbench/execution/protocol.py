"""What a worker process and the program that started it say to each other: a JSON object a line.

JSON rather than pickle: a line can be read by a person, and nothing in it can run.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.plugin.executor import Outcome
from cnnbench.results.probe import Probe, Steps
from cnnbench.results.record import Epoch, Record


def encode(kind: str, **content: Any) -> bytes:
    """One line."""
    return json.dumps({"kind": kind, **content}).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message in one line. Raises ValueError for a torn line."""
    message = json.loads(line)
    if not isinstance(message, dict) or "kind" not in message:
        raise ValueError(f"not a message: {line[:80]!r}")
    return message


def pack_outcome(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON values; arrays as base64 of their little-endian bytes."""
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
    """A probe as JSON values."""
    return {
        "variant": probe.variant,
        "replicate": probe.replicate,
        "backend": probe.backend,
        "steps": _pack_steps(probe.steps),
        "nudged": _pack_steps(probe.nudged),
        "final": _pack(probe.final),
        "labels": _pack(probe.labels),
        "random": probe.random,
        "reason": probe.reason,
    }


def unpack_probe(content: Mapping[str, Any]) -> Probe:
    """The probe that `pack_probe` packed."""
    fields = ("variant", "replicate", "backend", "random", "reason")
    return Probe(
        **{name: content[name] for name in fields},
        steps=_unpack_steps(content["steps"]),
        nudged=_unpack_steps(content["nudged"]),
        final=_unpack(content["final"]),
        labels=_unpack(content["labels"]),
    )


def _pack_steps(steps: Steps | None) -> dict[str, Any] | None:
    if steps is None:
        return None
    return {"initial": _pack(steps.initial), "losses": _pack(steps.losses)}


def _unpack_steps(content: Mapping[str, Any] | None) -> Steps | None:
    if content is None:
        return None
    initial, losses = _unpack(content["initial"]), _unpack(content["losses"])
    assert initial is not None, "steps are packed whole"
    assert losses is not None, "steps are packed whole"
    return Steps(initial, losses)


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
