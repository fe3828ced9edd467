from __future__ import annotations

import numpy as np

from cnnbench.data.passes.batches import Resident
from cnnbench.plugin.resident import ResidentSplits


class Device:
    """Counts what is copied to it."""

    def __init__(self):
        self.copied = []
        self.images = ResidentSplits(self.put, lambda array, rows: array[rows])

    def put(self, array):
        self.copied.append(array.shape)
        return array.copy()


def resident(key, order):
    images = np.arange(5 * 4, dtype=np.float32).reshape(5, 2, 2, 1)
    return Resident(
        key, images, np.arange(5, dtype=np.int32), np.ones(5, np.float32), np.array(order)
    )


def test_batches_are_rows_in_the_order_of_the_pass():
    split = resident("train", [3, 1, 4, 0, 2])
    batches = list(Device().images.batches(split, 2))
    assert [labels.tolist() for _, labels, _ in batches] == [[3, 1], [4, 0], [2]]
    assert np.array_equal(batches[1][0], split.images[[4, 0]])


def test_a_split_is_copied_once_while_its_key_stays():
    device = Device()
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0]):
        list(device.images.batches(resident("train", order), 5))
    assert device.copied.count((5, 2, 2, 1)) == 1


def test_another_key_is_another_split_and_the_oldest_makes_room():
    device = Device()
    for key in ("train", "validation", "test", "train", "next train", "train", "validation"):
        list(device.images.batches(resident(key, [0]), 5))
    # "validation" was the least recently used when "next train" came.
    assert device.copied.count((5, 2, 2, 1)) == 5
