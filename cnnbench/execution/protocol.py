"""Works and outcomes as JSON values, in which they travel between processes."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from cnnbench.execution.arrays import pack_array, unpack_array
from cnnbench.plugin.executor import Limits, Outcome, Work
from cnnbench.results.details import ARRAYS, Predictions
from cnnbench.results.record import Epoch, Record
from cnnbench.results.weights import weights_bytes, weights_from


def pack_work(work: Work) -> dict[str, Any]:
    """A work of which every field but the limits is a JSON value."""
    kind = type(work)
    return {"type": f"{kind.__module__}:{kind.__qualname__}", **dataclasses.asdict(work)}


def unpack_work(content: Mapping[str, Any]) -> Work:
    """The work that `pack_work` packed."""
    fields = dict(content)
    module, _, name = fields.pop("type").partition(":")
    work: Work = getattr(import_module(module), name)(
        **fields | {"limits": Limits(**fields["limits"])}
    )
    return work


def pack_outcome(outcome: Outcome) -> dict[str, Any]:
    """An outcome; arrays as base64 of their bytes."""
    return {
        "record": outcome.record.model_dump(mode="json"),
        "history": [epoch.model_dump(mode="json") for epoch in outcome.history],
        "predictions": pack_array(outcome.predictions),
        "rows": pack_array(outcome.rows),
        "labels": pack_array(outcome.labels),
        "validation": outcome.validation
        and {name: pack_array(getattr(outcome.validation, name)) for name in ARRAYS},
        "weights": outcome.weights
        and base64.b64encode(weights_bytes(outcome.weights)).decode("ascii"),
        "environment": outcome.environment,
        "failure": outcome.failure,
    }


def unpack_outcome(content: Mapping[str, Any]) -> Outcome:
    """The outcome that `pack_outcome` packed. Raises for what is none."""
    if not isinstance(content["failure"], str):
        raise TypeError("a failure that is no text")
    return Outcome(
        record=Record.model_validate(content["record"]),
        history=tuple(Epoch.model_validate(epoch) for epoch in content["history"]),
        predictions=unpack_array(content["predictions"]),
        rows=unpack_array(content["rows"]),
        labels=unpack_array(content["labels"]),
        validation=_unpack_predictions(content["validation"]),
        weights=content["weights"] and weights_from(base64.b64decode(content["weights"])),
        environment=content["environment"],
        failure=content["failure"],
    )


def _unpack_predictions(content: Mapping[str, Any] | None) -> Predictions | None:
    if content is None:
        return None
    probabilities, rows, labels = (unpack_array(content[name]) for name in ARRAYS)
    if probabilities is None or rows is None or labels is None:
        raise TypeError("predictions that lack an array")
    return Predictions(probabilities, rows, labels)
