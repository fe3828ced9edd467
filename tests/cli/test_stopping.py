"""A signal ends the program, whatever it is at and whatever hangs."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from cnnbench.cli import stopping

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
stopping.GRACE, stopping.ECHO = map(float, sys.argv[1:3])
never = threading.Event()

def blocked_pool():
    pool = ThreadPoolExecutor(1)
    try:
        list(pool.map(lambda _: [print("ready", flush=True), never.wait()], [0]))
    finally:
        pool.shutdown()

def thread_left():
    threading.Thread(target=never.wait).start()
    print("ready", flush=True)
    never.wait()

def swallowed():
    try:
        print("ready", flush=True)
        never.wait()
    except BaseException:
        print("swallowed", flush=True)
        never.wait()

def orderly():
    try:
        print("ready", flush=True)
        never.wait()
    finally:
        print("in order", flush=True)

with stopping.stoppable():
    globals()[sys.argv[3]]()
"""
LONG = 3600.0


@pytest.fixture
def started():
    """Start something that never ends, with a grace and an echo; return it when it has begun."""
    processes = []

    def start(what, grace=LONG, echo=LONG):
        command = [sys.executable, "-c", PROGRAM, str(grace), str(echo), what]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_the_first_signal_ends_the_program_in_order_also_when_it_comes_twice(started, number, code):
    process = started("orderly")
    process.send_signal(number)
    if number != signal.SIGINT:
        process.send_signal(number)  # as `timeout` does, and a shell that is closed
    output, errors = process.communicate(timeout=300)
    assert (process.returncode, output, errors) == (code, "in order\n", "")


@pytest.mark.parametrize("what", ["blocked_pool", "thread_left", "swallowed"])
def test_the_first_signal_ends_what_hangs_after_a_while(started, what):
    process = started(what, grace=0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=300) == 143


@pytest.mark.parametrize("what", ["blocked_pool", "thread_left", "swallowed"])
def test_a_second_signal_ends_what_hangs_at_once(started, what):
    process = started(what, echo=0.0)
    process.send_signal(signal.SIGTERM)
    while process.poll() is None:  # until the first was heard apart from the second
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode == 143


def test_ctrl_c_twice_ends_what_hangs(started):
    process = started("blocked_pool", grace=0.2)
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode == 130
