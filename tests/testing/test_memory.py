"""Memory that is kept shows, wherever the allocator puts it."""

import threading

import numpy as np
import pytest

from cnnbench.testing.memory import held_memory

pytestmark = pytest.mark.slow

PIECES, SIZE = 60, 500_000


def fill():
    return [np.ones(SIZE, np.uint8) for _ in range(PIECES)]


def growth_of_keeping():
    before = held_memory()
    kept = fill()
    after = held_memory()
    assert len(kept) == PIECES
    return max(after.resident - before.resident, after.allocated - before.allocated)


def test_what_is_kept_in_pages_that_were_freed_before_shows():
    def work():
        # A thread has an arena of its own, whose top stays resident when it is freed. After one
        # large piece malloc puts pieces of this size into arenas rather than into maps.
        del_me = np.ones(30 * 2**20, np.uint8)
        del del_me
        fill()
        found.append(growth_of_keeping())

    found = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert 0.9 * PIECES * SIZE < found[0] < 1.5 * PIECES * SIZE


def test_what_is_freed_does_not():
    fill()
    before = held_memory()
    fill()
    after = held_memory()
    assert after.allocated - before.allocated < SIZE
    assert after.resident - before.resident < 0.1 * PIECES * SIZE
