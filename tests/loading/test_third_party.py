"""A backend that somebody else wrote: installed with pip, used, and removed again."""

from __future__ import annotations

import csv
import io
import json

import pytest

pytestmark = pytest.mark.slow

RECIPE = """
title = "Dense networks, wide and narrow"
replicates = 2

[data]
source = "digits"
train = 200
validation = 100
test = 100

[network]
architecture = "dense"
dense = [16]

[training]
optimizer = "sgd"
epochs = 2

[[variant]]
name = "narrow"

[[variant]]
name = "wide"
network.dense = [32]

[[variant]]
name = "convnet"
network.architecture = "convnet"
network.filters = [4]
"""

BROKEN = {
    "import": "import a_framework_that_is_nowhere",
    "version": "CNNBENCH_INTERFACE = '2.0'",
    "hook": (
        "from cnnbench.plugin import hookimpl\nCNNBENCH_INTERFACE = '1.0'\n"
        "@hookimpl\ndef cnnbench_backend(): return []"
    ),
}
DUPLICATE = (
    "from cnnbench_elsewhere import *\nfrom cnnbench.plugin import hookimpl\n"
    "CNNBENCH_INTERFACE = '1.0'\n"
    "class Second(ElsewhereBackend):\n    name = 'second'\n"
    "@hookimpl\ndef cnnbench_backends(): return [ElsewhereBackend(), Second()]"
)
REASONS = {
    "import": "it can't be imported: ModuleNotFoundError: No module named "
    "'a_framework_that_is_nowhere'",
    "version": "it was made for plugin interface 2.0, this cnnbench has 1.2",
    "hook": "it implements the unknown hook 'cnnbench_backend'; did you mean 'cnnbench_backends'?",
}


def install(workshop, name: str, source: str) -> None:
    """As pip would, which takes seconds."""
    (site,) = workshop.bin.parent.glob("lib/python*/site-packages")
    (site / f"zz_{name}.py").write_text(source)
    info = site / f"broken_{name}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: broken-{name}\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[cnnbench]\nzz_{name} = zz_{name}\n")


@pytest.fixture
def elsewhere(workshop):
    """The environment with a third party's backend in it, and a recipe."""
    workshop.run("cnnbench new plugin elsewhere")
    workshop.run("python -m pip install ./cnnbench-elsewhere")
    (workshop.folder / "dense.toml").write_text(RECIPE)
    return workshop


def test_a_third_partys_backend_comes_runs_is_compared_and_goes(elsewhere):
    done = elsewhere.start("cnnbench run dense.toml --backend elsewhere --jobs 1")
    assert done.returncode == 1, done.stderr  # the convnet is beyond this backend
    records = [
        json.loads(line)
        for path in (elsewhere.folder / "results").rglob("records.jsonl")
        for line in path.read_text().splitlines()
    ]
    statuses = {(x["variant"], x["replicate"]): (x["status"], x["reason"]) for x in records}
    for replicate in (0, 1):
        assert statuses["narrow", replicate] == ("ok", "")
        assert statuses["wide", replicate] == ("ok", "")
        status, reason = statuses["convnet", replicate]
        assert status == "unsupported"
        assert "layer conv" in reason

    table = elsewhere.run("cnnbench compare results --format csv")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["backend"] for row in rows} == {"elsewhere"}
    assert {"narrow", "wide"} <= {row["variant"] for row in rows}

    elsewhere.run("python -m pip uninstall -y cnnbench-elsewhere")
    gone = elsewhere.start("cnnbench run dense.toml --backend elsewhere")
    assert gone.returncode == 2
    assert "there is no backend 'elsewhere'" in gone.stderr
    assert elsewhere.run("cnnbench compare results --format csv") == table


def test_broken_plugins_are_listed_with_their_reasons_and_disturb_nothing(elsewhere):
    for name, source in BROKEN.items():
        install(elsewhere, name, source)
    listing = elsewhere.run("cnnbench plugins")
    for name, reason in REASONS.items():
        assert f"zz_{name} (from broken-{name} 0.1): {reason}" in listing
    (line,) = [x for x in listing.splitlines() if x.split()[:2] == ["backend", "elsewhere"]]
    assert line.split()[2] == "yes"
    elsewhere.run("cnnbench run dense.toml --backend elsewhere --dry-run")


def test_a_duplicate_is_listed_with_both_plugins_and_switching_one_off_settles_it(
    elsewhere, monkeypatch
):
    install(elsewhere, "duplicate", DUPLICATE)
    reason = (
        "the backend 'elsewhere' is brought by cnnbench-elsewhere 0.1.0 and broken-duplicate 0.1"
    )
    listing = elsewhere.run("cnnbench plugins")
    assert f"  elsewhere: {reason}" in listing
    assert [x for x in listing.splitlines() if x.split()[:3] == ["backend", "second", "yes"]]
    elsewhere.run("cnnbench run dense.toml --backend second --dry-run")
    refused = elsewhere.start("cnnbench run dense.toml --backend elsewhere --dry-run")
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"cnnbench: {reason}")
    assert "CNNBENCH_DISABLE_PLUGINS=zz_duplicate" in refused.stderr
    monkeypatch.setenv("CNNBENCH_DISABLE_PLUGINS", "zz_duplicate")
    elsewhere.run("cnnbench run dense.toml --backend elsewhere --dry-run")
