from __future__ import annotations

import pytest

from cnnbench.results.record import Epoch, Record, Status


@pytest.fixture
def make_record():
    def make(trial="t1", variant="plain", replicate=0, accuracy=0.5, **fields):
        fields.setdefault("status", Status.OK)
        return Record(
            trial=trial,
            recipe="mnist",
            variant=variant,
            replicate=replicate,
            backend="torch",
            metrics={"test": {"accuracy": accuracy}},
            **fields,
        )

    return make


@pytest.fixture
def history():
    return tuple(
        Epoch(
            epoch=number,
            loss=1 / 3 / number,
            penalty=0.0,
            accuracy=0.1 * number,
            val_loss=None,
            val_accuracy=0.5 if number > 1 else None,
            learning_rate=1e-3,
            seconds=0.25,
        )
        for number in (1, 2, 3)
    )
