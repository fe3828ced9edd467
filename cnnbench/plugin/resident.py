"""Whole splits kept on an accelerator between epochs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from numpy.typing import NDArray

from cnnbench.data.passes.batches import Resident

_SPLITS = 3
"""Training, validation and test images of a trial; the least recently used make room."""


class ResidentSplits:
    """Device copies of whole splits under their keys; one for an engine serves all its models.

        resident = ResidentSplits(framework.put, framework.take)
        model = StepwiseModel(weights, resident)

    put: a NumPy array to the device, copied. take: rows of a device array by a device array of
    positions.
    """

    def __init__(self, put: Callable[[NDArray[Any]], Any], take: Callable[[Any, Any], Any]) -> None:
        self._put = put
        self._take = take
        self._splits: OrderedDict[str, tuple[Any, Any, Any]] = OrderedDict()

    def batches(
        self, resident: Resident, batch_size: int, models: int = 1
    ) -> Iterator[tuple[Any, Any, Any]]:
        """Images, labels and sample weights of each batch, gathered on the device.

        models: that are trained at a time, each with splits of its own.
        """
        images, labels, weights = self._split(resident, _SPLITS * models)
        order = self._put(resident.order)
        for start in range(0, len(resident.order), batch_size):
            rows = order[start : start + batch_size]
            yield self._take(images, rows), self._take(labels, rows), self._take(weights, rows)

    def _split(self, resident: Resident, most: int) -> tuple[Any, Any, Any]:
        if resident.key not in self._splits:
            while len(self._splits) >= most:
                self._splits.popitem(last=False)
            arrays = (resident.images, resident.labels, resident.weights)
            self._splits[resident.key] = tuple(self._put(array) for array in arrays)
        self._splits.move_to_end(resident.key)
        return self._splits[resident.key]
