"""What is sent beside a run."""

from __future__ import annotations

import threading

import pytest

from cnnbench.errors import PluginError
from cnnbench.plugin import Outbox

LONG = 60.0


def test_calls_are_made_in_order_in_another_thread():
    made, threads = [], set()
    outbox = Outbox("the service")

    def note(number):
        made.append(number)
        threads.add(threading.current_thread())

    for number in range(50):
        outbox.send(lambda number=number: note(number))
    outbox.flush(LONG)
    assert made == list(range(50))
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_sending_does_not_wait_for_the_service():
    may_go_on, made = threading.Event(), []
    outbox = Outbox("the service")
    outbox.send(lambda: may_go_on.wait(LONG))
    outbox.send(lambda: made.append(1))
    assert not made
    may_go_on.set()
    outbox.flush(LONG)
    assert made == [1]


@pytest.mark.parametrize("error", [ValueError("down"), SystemExit("down")])
def test_after_a_call_that_fails_none_is_made_and_it_is_said_once(error):
    made = []
    outbox = Outbox("the service")

    def fail():
        raise error

    outbox.send(fail)
    with pytest.raises(PluginError, match=f"the service failed: {type(error).__name__}: down"):
        outbox.flush(LONG)
    outbox.send(lambda: made.append(1))
    outbox.flush(LONG)
    assert made == [1]


def test_what_waits_behind_a_failure_is_dropped():
    made, may_go_on = [], threading.Event()
    outbox = Outbox("the service")

    def fail():
        may_go_on.wait(LONG)
        raise ValueError("down")

    outbox.send(fail)
    outbox.send(lambda: made.append(1))
    may_go_on.set()
    with pytest.raises(PluginError):
        outbox.flush(LONG)
    assert made == []


def test_a_service_that_hangs_is_waited_for_so_long_at_most():
    may_go_on, made = threading.Event(), []
    outbox = Outbox("the service")
    outbox.send(lambda: may_go_on.wait(LONG))
    outbox.send(lambda: made.append(1))
    with pytest.raises(PluginError, match=r"did not take everything within 0\.01 seconds"):
        outbox.flush(0.01)
    may_go_on.set()
    outbox.send(lambda: made.append(2))  # as new
    outbox.flush(LONG)
    assert 1 not in made
    assert 2 in made


def test_nothing_sent_is_nothing_to_wait_for():
    Outbox("the service").flush(LONG)
