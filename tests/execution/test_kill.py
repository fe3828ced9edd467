"""Nothing that was recorded is lost, whatever kills the program and whenever."""

import contextlib
import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from cnnbench.data.sources.cache import cache_folder
from cnnbench.results.read import read_results

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]
# A shell's background jobs, such as a test run may be, start with interrupts ignored, those under
# nohup with a closed terminal ignored.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from cnnbench.cli import main
main()
"""
KILLS = int(os.environ.get("KILLS", "6"))
"""`make kills` gives a hundred. A fifth of them is for ray, whose nodes take seconds to start."""


def start(recipe, results, *options, replicates=12):
    command = [sys.executable, "-c", PROGRAM, "run", str(recipe), "--backend", "scripted"]
    command += ["--results", str(results), "--set", f"replicates={replicates}", *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def ok_lines(results):
    path = results / "tiny" / "scripted" / "records.jsonl"
    if not path.exists():
        return []
    trials = []
    for line in path.read_text().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # torn by a kill
        if record["status"] == "ok":
            trials.append(record["trial"])
    return trials


def workers_of(process, *, all_below=False):
    try:
        return [x.pid for x in psutil.Process(process.pid).children(recursive=all_below)]
    except psutil.NoSuchProcess:
        return []


def alive(process):
    """Whether it can still do anything; nobody may have asked yet how it ended."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def group(number):
    return lambda process, workers: os.killpg(process.pid, number)


def starter(number):
    return lambda process, workers: os.kill(process.pid, number)


def one_worker(process, workers):
    """One that is replaced, if the run has come so far; then the run itself."""
    if workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(workers[0], signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.2)
    starter(signal.SIGTERM)(process, workers)


BLOWS = [
    group(signal.SIGKILL),
    starter(signal.SIGKILL),
    one_worker,
    starter(signal.SIGTERM),
    group(signal.SIGHUP),
    group(signal.SIGINT),
]


@pytest.fixture
def another_home(tmp_path, monkeypatch):
    """Where Ray may leave a token."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("another_home")
@pytest.mark.parametrize(
    ("executor", "kills", "starting"),
    [
        ("local", KILLS, 2.5),
        # One node of Ray's for each run, all of whose processes are gone with it.
        pytest.param("ray", max(1, KILLS // 5), 15.0, marks=pytest.mark.cluster),
    ],
)
def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    executor, kills, starting, recipe, tmp_path
):
    path, results = recipe(), tmp_path / "results"
    replicates = 20 + 10 * kills  # more trials than get done before the last kill
    how = {"replicates": replicates}
    moments = random.Random(20)
    seen = set()
    for number in range(kills):
        process = start(path, results, "--executor", executor, **how)
        if moments.random() < 0.3:  # while it starts, as a rule
            moment = time.monotonic() + moments.uniform(0.0, starting)
            wait_until(lambda: process.poll() is not None or time.monotonic() > moment)  # noqa: B023
        else:
            wanted = len(seen) + moments.randrange(10)
            wait_until(lambda: process.poll() is not None or len(ok_lines(results)) > wanted, 300)  # noqa: B023
            time.sleep(moments.uniform(0.0, 0.05))
        workers = workers_of(process, all_below=executor == "ray")
        if process.poll() is None:
            BLOWS[number % len(BLOWS)](process, workers)
        _, errors = process.communicate(timeout=300)
        assert seen <= set(ok_lines(results))
        seen = set(ok_lines(results))
        for worker in workers:
            wait_until(lambda worker=worker: not alive(worker), 300)
    process = start(path, results, "--executor", executor, **how)
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 0, output + errors
    recorded = ok_lines(results)
    assert len(recorded) == len(set(recorded)) == 2 * replicates
    assert not list(results.rglob("*.tmp"))
    folder = results / "tiny" / "scripted"
    for kind in ("history", "predictions"):
        assert set(recorded) <= {file.stem for file in (folder / kind).iterdir()}
    assert len(read_results([results]).records) == 2 * replicates


@pytest.fixture
def stuck(recipe, tmp_path):
    """A run whose two workers sleep in the second variant after two good trials; its results."""
    results = tmp_path / "results"
    process = start(recipe(8.0), results, "--jobs", "2")
    wait_until(lambda: len(ok_lines(results)) == 2)
    yield process, results
    process.kill()
    process.communicate()


def wait_until(condition, seconds=300):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def test_a_killed_worker_costs_its_trial_and_no_other(stuck):
    process, results = stuck
    os.kill(workers_of(process)[0], signal.SIGKILL)
    wait_until(lambda: len(ok_lines(results)) == 3)  # by the worker that took its place
    assert process.poll() is None
    lines = (results / "tiny" / "scripted" / "records.jsonl").read_text().splitlines()
    [died] = [record for record in map(json.loads, lines) if record["status"] != "ok"]
    assert died["status"] == "failed"
    assert died["reason"].startswith("the worker process died: signal SIGKILL")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_an_interrupt_says_what_is_recorded_and_how_to_go_on(
    stuck, besides_waiting, send, number, code
):
    process, results = stuck
    workers = workers_of(process)
    send(process.pid, number)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == code, errors
    records = results / "tiny" / "scripted" / "records.jsonl"
    assert len(records.read_text().splitlines()) == 2  # none of a trial that was stopped
    wanted = "Interrupted: 2 of 24 trials recorded, none lost; the same command goes on from there."
    assert besides_waiting(errors).strip() == wanted
    wait_until(lambda: not any(map(alive, workers)))


def test_an_interrupted_forced_run_counts_what_it_ran_itself(stuck, recipe, besides_waiting):
    process, results = stuck
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=300)
    forced = start(recipe(8.0), results, "--force", "--jobs", "1")
    try:
        wait_until(lambda: len(ok_lines(results)) == 3)  # one worker, so one more good trial
        os.killpg(forced.pid, signal.SIGINT)
        _, errors = forced.communicate(timeout=300)
    finally:
        forced.kill()
    assert forced.returncode == 130, errors
    assert " ".join(besides_waiting(errors).split()) == (
        "Interrupted: 1 of 24 trials recorded by this run, none lost; the same command starts them "
        "all again, without --force it runs only those that are not recorded."
    )


@pytest.fixture
def watched(recipe, tmp_path):
    """A run that shows its live view on a terminal, as stuck as `stuck`; the terminal's end."""
    end, terminal = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, "run", str(recipe(8.0)), "--backend", "scripted"]
    command += ["--results", str(tmp_path / "results"), "--jobs", "2"]
    process = subprocess.Popen(
        command, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm"}
    )
    os.close(terminal)
    wait_until(lambda: len(ok_lines(tmp_path / "results")) == 2)
    yield process, end
    process.kill()
    process.wait()


def shown(end):
    """What stands on the terminal when all who write to it have ended."""
    text = b""
    with contextlib.suppress(OSError):
        while part := os.read(end, 65536):
            text += part
    return text.decode()


def test_a_stopped_run_gives_the_terminal_its_cursor_back(watched):
    process, end = watched
    process.terminate()
    text = shown(end)
    assert process.wait() == 143
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "recorded, none lost" in text


def test_a_terminal_that_is_closed_ends_the_run_cleanly(watched):
    process, end = watched
    workers = workers_of(process)
    os.close(end)
    process.send_signal(signal.SIGHUP)  # as the system does for a controlling terminal
    assert process.wait(60) == 129
    wait_until(lambda: not any(map(alive, workers)))


SHARED = """
[data]
source = "digits"
image_size = [32, 32]
train = 600
validation = 60
test = 300
[transfer]
base = "mobilenet"
weights = "random"
head = { pooling = "average", dense = [] }
[training]
epochs = 1
optimizer = "sgd"
[[variant]]
name = "one"
[[variant]]
name = "other"
training.learning_rate = 0.1
"""
IMAGES = 960


def computed():
    """How many rows of features are known to be on the disk."""
    for file in cache_folder().glob("features-*/spent.json"):
        return json.loads(file.read_text())[0]
    return 0


@pytest.mark.parametrize("victim", ["run", "worker"])
def test_features_that_are_computed_outlive_a_kill(victim, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    path, results = tmp_path / "tiny.toml", tmp_path / "results"
    path.write_text(SHARED)
    process = start(path, results, "--jobs", "1", replicates=1)
    wait_until(computed, 120)
    kept = computed()
    if victim == "run":
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert ok_lines(results) == []
    else:
        os.kill(workers_of(process)[0], signal.SIGKILL)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 1, output + errors
        assert len(ok_lines(results)) == 1, "the other trial went on with the rest of the features"
        assert "the worker process died: signal SIGKILL" in output + errors
    assert kept < IMAGES
    again = start(path, results, "--jobs", "1", replicates=1)
    output, errors = again.communicate(timeout=300)
    assert again.returncode == 0, output + errors
    assert len(ok_lines(results)) == 2
    logs = [file.read_text() for file in (results / "tiny" / "scripted" / "log").iterdir()]
    counts = {int(x) for log in logs for x in re.findall(r"features: \d+ of (\d+) images", log)}
    assert 0 < min(counts) <= IMAGES - kept
    assert len(counts - {IMAGES}) == 1, "what was left was computed by one process, once"
