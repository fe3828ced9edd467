"""Whatever stands in a results folder, commands that read it end with an answer, never a crash."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from cnnbench.cli import main
from cnnbench.comparison.metrics import METRICS
from cnnbench.report.formats import FORMATS, RECORDS_FORMAT
from cnnbench.results.record import Beside, Costs, Plan, Record, Samples, Status
from cnnbench.results.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.fuzz]

RECIPE = """
replicates = 2
[data]
source = "digits"
train = 40
validation = 20
test = 30
[[variant]]
name = "plain"
[[variant]]
name = "l2"
network.l2 = 0.01
"""
HUGE = 10**400
DEEP = "[" * 300 + "]" * 300
VALUES = [
    *(None, True, False, 0, 1, -1, 2, 0.5, 1e308, -1e308, 1e-320, HUGE, -HUGE, 10**18, 2**63),
    *("", "NaN", "Infinity", "-Infinity", "plain", "ok", "failed", "torch", "../..", "=1+1"),
    *("\x1b[31m", "\u202e", "a\nb", "[bold]", "\0", "x" * 5000, "0.5", "\U0010ffff"),
    *([], {}, [1], ["a"], {"a": 1}, [[1, 2], [3]], [None], {"": {}}, {"test": {"accuracy": HUGE}}),
]
BYTES = [
    b"\xef\xbb\xbf",
    b"\xff",
    b"\0",
    b"\n",
    b"{",
    b"}",
    b'"',
    DEEP.encode(),
    b"9" * 5000,
    b"\r",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A recipe and a study of it on two backends, one with a cross-validation."""
    home = tmp_path_factory.mktemp("any")
    (home / "r.toml").write_text(RECIPE)
    for backend, folds in (("torch", (None,)), ("jax", (0, 1))):
        with Store(home / "results", "r", backend) as store:
            parts = [(v, r, f) for v in ("plain", "l2") for r in range(2) for f in folds]
            for number, (variant, replicate, fold) in enumerate(parts):
                record = Record(
                    trial=f"{backend}{number}",
                    recipe="r",
                    variant=variant,
                    replicate=replicate,
                    fold=fold,
                    backend=backend,
                    device="cpu",
                    status=Status.FAILED if number == 3 else Status.OK,
                    reason="it failed" if number == 3 else "",
                    samples=Samples(
                        source="digits",
                        digest="d",
                        train=4,
                        validation=2,
                        test=4,
                        classes=("a", "b"),
                        by_class={"train": (2, 2), "validation": (1, 1), "test": (4, 0)},
                    ),
                    metrics={
                        "test": {"accuracy": 0.5 + number / 20, "confusion": [[3, 1], [0, 0]]},
                        "validation": {"accuracy": 0.5, "log_loss": 0.1 * number},
                        "trivial": {"chance": 0.5, "majority": 0.5},
                    },
                    epochs=2,
                    costs=Costs(training=1.0 + number, parameters=10, peak_memory=2**20),
                    settings={"network": {"l2": 0.01}, "data": {"classes": None}},
                    beside=Beside(slots=1, threads=1, exclusive=False, load=0.5),
                    started=1.0 + number,
                )
                environment = {"cpu": "x", "processor": str(number % 2), "versions": {"a": "1"}}
                store.append(record, environment=environment)
            plan = Plan(
                recipe="r",
                backend=backend,
                baseline="plain",
                variants=("plain", "l2"),
                replicates=2,
                folds=len(folds) if folds[0] is not None else 0,
                trials={f"{backend}{n}": part for n, part in enumerate(parts)},
            )
            store.write_plan(plan)
    return home


def places(value, path=()):
    """The paths of all that is in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))


def change_json(draw, content):
    """The text with a value of it replaced, or taken out."""
    path = draw(st.sampled_from(list(places(content))))
    if not path:
        return json.dumps(draw(st.sampled_from(VALUES)))
    section = content
    for key in path[:-1]:
        section = section[key]
    if draw(st.integers(0, 4)):
        section[path[-1]] = draw(st.sampled_from(VALUES))
    else:
        del section[path[-1]]
    return json.dumps(content)


def change_text(draw, path):
    content = path.read_bytes()
    lines = (content.splitlines() if path.suffix == ".jsonl" else [content]) or [b""]
    number = draw(st.integers(0, len(lines) - 1))
    every = draw(st.booleans())
    if draw(st.integers(0, 3)):
        with contextlib.suppress(ValueError):  # changed before
            changed = change_json(draw, json.loads(lines[number])).encode()
            lines[number] = changed
            lines = [changed] * len(lines) if every and draw(st.booleans()) else lines
    else:
        at = draw(st.integers(0, len(lines[number])))
        end = draw(st.sampled_from([at, at + 1, len(lines[number])]))
        inserted = draw(st.sampled_from(BYTES))
        lines[number] = lines[number][:at] + inserted + lines[number][end:]
    path.write_bytes(b"\n".join(lines) + (b"\n" if draw(st.booleans()) else b""))


def change_kind(draw, path):
    """Something else where a file stands."""
    path.unlink()
    kind = draw(st.sampled_from(["none", "pipe", "folder", "device", "loop", "dangling"]))
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind != "none":
        targets = {"device": "/dev/zero", "loop": path.name, "dangling": "nowhere"}
        path.symlink_to(targets[kind])


def damage(draw, results):
    """Change up to three files of a results folder."""
    for _ in range(draw(st.integers(1, 3))):
        files = sorted(path for path in results.rglob("*.json*") if path.is_file())
        if files:
            path = draw(st.sampled_from(files))
            (change_text if draw(st.integers(0, 4)) else change_kind)(draw, path)


def answer(*arguments):
    """The exit code and all output of a command, run in this process."""
    stdout, stderr = io.StringIO(), io.StringIO()
    arguments = ["cnnbench", *map(str, arguments)]
    before, sys.argv = sys.argv, arguments
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            main()
    except SystemExit as exit_:
        return exit_.code or 0, stdout.getvalue() + stderr.getvalue()
    finally:
        sys.argv = before
    return 0, stdout.getvalue() + stderr.getvalue()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Unix")
@given(data=st.data())
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_results_folder_is_answered(folder, data):
    with tempfile.TemporaryDirectory() as made:
        results = Path(made, "results")
        shutil.copytree(folder / "results", results)
        damage(data.draw, results)
        options = [
            f"--metric={data.draw(st.sampled_from(list(METRICS)))}",
            f"--by={data.draw(st.sampled_from(['variant', 'backend']))}",
            f"--format={data.draw(st.sampled_from([*FORMATS, RECORDS_FORMAT]))}",
            f"--split={data.draw(st.sampled_from(['test', 'validation']))}",
        ]
        where = data.draw(st.sampled_from(["", "r/torch", "r/torch/records.jsonl", "r/jax"]))
        asked = [
            ("compare", results / where, *options),
            ("run", folder / "r.toml", "--backend=torch-native", "--dry-run"),
        ]
        for command in (asked[0], (*asked[1], f"--results={results}")):
            code, text = answer(*command)
            assert code in {0, 1, 2}
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
