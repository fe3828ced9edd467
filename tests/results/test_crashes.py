"""What is left when a run is killed at any moment: at most the trial in hand is lost."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnbench.results import files
from cnnbench.results.details import read_history
from cnnbench.results.read import read_records
from cnnbench.results.record import Record, Status
from cnnbench.results.store import Store

WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from cnnbench.results.record import Epoch, Record
    from cnnbench.results.store import Store

    trials = [f"t{number}" for number in range(int(sys.argv[2]))]
    epochs = [Epoch(epoch=1, loss=1, penalty=0, accuracy=1, learning_rate=1, seconds=1)]
    with Store(Path(sys.argv[1]), "mnist", "torch") as store:
        done = store.done(trials)
        print("ready", flush=True)
        for trial in trials:
            if trial not in done:
                record = Record(trial=trial, recipe="mnist", variant="plain", replicate=0,
                                backend="torch", status="ok", settings={"long": "x" * 20_000})
                store.append(record, history=epochs, environment={"cores": 2})
""")


def is_json(line):
    try:
        return bool(json.loads(line))
    except ValueError:
        return False


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_with_one_record_of_each_trial(tmp_path):
    trials, kills = 200, 0
    draw = random.Random(0)
    folder = tmp_path / "mnist" / "torch"
    for _ in range(200):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, str(trials)], stdout=subprocess.PIPE
        )
        with writer:
            assert writer.stdout.readline() == b"ready\n"
            if kills < 8:
                time.sleep(draw.uniform(0, 0.05))
                writer.kill()
        if writer.returncode == 0:
            break
        kills += 1
    records, _ = read_records(folder / "records.jsonl")
    lines = (folder / "records.jsonl").read_bytes().splitlines()
    whole = [line for line in lines if is_json(line)]
    assert kills > 0
    assert sorted(record.trial for record in records) == sorted(f"t{n}" for n in range(trials))
    assert len(whole) == trials
    assert all(len(read_history(folder, record.trial)) == 1 for record in records)


@settings(max_examples=30, deadline=None)
@given(cut=st.floats(0, 1), after=st.integers(1, 3))
def test_records_cut_at_any_byte_lose_only_the_cut_line(cut, after):
    def record(number):
        return Record(
            trial=f"t{number}",
            recipe="mnist",
            variant="dénse",
            replicate=number,
            backend="torch",
            status=Status.OK,
        )

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "mnist" / "torch" / "records.jsonl"
        with Store(Path(name), "mnist", "torch") as store:
            for number in range(3):
                store.append(record(number))
        content = path.read_bytes()
        content = content[: round(cut * len(content))]
        path.write_bytes(content)
        whole = [line for line in content.split(b"\n") if is_json(line)]
        with Store(Path(name), "mnist", "torch") as store:
            kept = store.done(f"t{number}" for number in range(3))
            assert len(kept) == len(whole)
            for number in range(10, 10 + after):
                store.append(record(number))
        records, problems = read_records(path)
        assert {item.trial for item in records} == kept | {f"t{n}" for n in range(10, 10 + after)}
        torn = len([line for line in content.split(b"\n") if line]) - len(whole)
        assert len(problems) == torn


def test_an_interrupt_while_the_disk_is_slow_keeps_the_line(tmp_path, monkeypatch):
    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.append_line(tmp_path / "records.jsonl", b"{}")
    assert (tmp_path / "records.jsonl").read_bytes() == b"{}\n"
