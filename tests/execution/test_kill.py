"""Nothing that was recorded is lost, whatever kills the program and whenever."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("scripted_path")
KILLS = 20


def start(recipe, results, *options):
    command = [sys.executable, "-m", "cnnbench", "run", str(recipe), "--backend", "scripted"]
    command += ["--results", str(results), "--set", "replicates=12", *options]
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


def workers_of(process):
    listing = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in listing.stdout.split()]


def alive(process):
    return Path(f"/proc/{process}").exists()


def test_twenty_kills_at_random_moments_lose_nothing_and_repeat_nothing(recipe, tmp_path):
    path, results = recipe(), tmp_path / "results"
    moments = random.Random(20)
    seen = set()
    for number in range(KILLS):
        process = start(path, results)
        deadline = time.monotonic() + moments.uniform(0.2, 3.0)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        workers = workers_of(process)
        # The program alone, or all of it: its workers must not go on writing either way.
        target = os.killpg if number % 2 else os.kill
        if process.poll() is None:
            target(process.pid, signal.SIGKILL)
        process.communicate()
        assert seen <= set(ok_lines(results))
        seen = set(ok_lines(results))
        for worker in workers:
            until = time.monotonic() + 20
            while alive(worker) and time.monotonic() < until:
                time.sleep(0.01)
            assert not alive(worker)
    process = start(path, results)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, output + errors
    recorded = ok_lines(results)
    assert len(recorded) == len(set(recorded)) == 24


def test_a_killed_worker_costs_its_trial_and_no_other(recipe, tmp_path):
    results = tmp_path / "results"
    process = start(recipe(), results, "--set", "training.epochs=2000", "--jobs", "2")
    while not (workers := workers_of(process)):
        time.sleep(0.02)
    # Its first epoch has been recorded nowhere yet; being listed says only that it runs.
    time.sleep(3)
    os.kill(workers[0], signal.SIGKILL)
    time.sleep(1)
    assert process.poll() is None
    assert len(workers_of(process)) == 2
    process.kill()
    process.communicate()
    lines = (results / "tiny" / "scripted" / "records.jsonl").read_text().splitlines()
    died = [record for record in map(json.loads, lines) if record["status"] == "failed"]
    assert len(died) <= 1
    assert all("signal SIGKILL" in record["reason"] for record in died)


def test_an_interrupt_says_what_is_recorded_and_how_to_go_on(recipe, tmp_path):
    process = start(recipe(), tmp_path / "results", "--set", "training.epochs=300")
    while not workers_of(process):
        time.sleep(0.02)
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "of 24 trials recorded, none lost; the same command goes on from there" in errors
    assert "Traceback" not in errors
