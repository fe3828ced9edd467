import threading

import pytest

from cnnbench.data.passes.prefetch import prefetch


def prefetching():
    return [thread for thread in threading.enumerate() if thread.name == "cnnbench-prefetch"]


def test_items_come_in_order_and_no_thread_is_left():
    assert list(prefetch(iter(range(100)))) == list(range(100))
    assert prefetching() == []


def test_no_more_than_asked_is_made_ahead():
    made = []
    full = threading.Event()

    def items():
        for number in range(10):
            made.append(number)
            if number == 3:
                full.set()
            yield number

    ahead = prefetch(items(), ahead=2)
    assert next(ahead) == 0
    # One is consumed, two wait in the queue, and the thread holds the next.
    assert full.wait(10)
    assert len(made) == 4
    ahead.close()


def test_the_thread_ends_when_the_consumer_stops_early():
    ahead = prefetch(iter(range(1000)))
    assert next(ahead) == 0
    assert len(prefetching()) == 1
    ahead.close()
    assert prefetching() == []


def test_the_thread_ends_when_the_consumer_raises():
    def consume():
        for item in prefetch(iter(range(1000))):
            if item == 3:
                raise KeyError(item)

    with pytest.raises(KeyError):
        consume()
    assert prefetching() == []


def test_an_error_in_the_thread_reaches_the_consumer_after_the_items_before_it():
    def items():
        yield 1
        yield 2
        raise ValueError("no third")

    received = []
    with pytest.raises(ValueError, match="no third"):
        received.extend(prefetch(items()))
    ahead = prefetch(items())
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(ValueError, match="no third"):
        next(ahead)
    assert prefetching() == []
