"""Backends that round differently agree; one that takes longer steps does not."""

import csv
import sys

import pytest

from cnnbench.cli import main

pytestmark = pytest.mark.usefixtures("scripted_path")


@pytest.fixture
def parity(monkeypatch, capsys, tmp_path, recipe):
    """Run `cnnbench parity` on the tiny study; return the exit code, the text and the steps."""

    def parity(*backends, rate=0.2, options=()):
        arguments = [part for name in backends for part in ("--backend", name)]
        steps = tmp_path / "steps.csv"
        command = ["cnnbench", "parity", str(recipe(rate)), *arguments, *options]
        monkeypatch.setattr(sys, "argv", [*command, "--output", str(steps)])
        with pytest.raises(SystemExit) as ended:
            main()
        rows = list(csv.DictReader(steps.open())) if steps.exists() else []
        return ended.value.code, capsys.readouterr().out, rows

    return parity


def test_another_rounding_agrees(parity):
    code, text, rows = parity("scripted", "rounded")
    assert code == 0
    assert "good, rounded: agree, as far as float32 arithmetic allows" in text
    # 40 images in batches of 16 are three steps an epoch, for each of two variants.
    assert [row["step"] for row in rows] == ["1", "2", "3"] * 2
    assert all(float(row["difference"]) <= float(row["allowed"]) for row in rows)


def test_a_step_that_is_one_percent_too_long_is_found_at_the_second_step(parity):
    code, text, rows = parity("scripted", "hasty")
    assert code == 1
    assert "good, hasty: differ, at step 2 the loss differs by" in text
    assert float(rows[0]["difference"]) == 0


def test_a_failing_backend_is_said_with_its_reason(parity):
    code, text, _ = parity("rounded", "scripted", rate=7.0)
    assert code == 1
    assert "other, scripted: failed, scripted: RuntimeError: the kernel fell over" in text
    assert "good, scripted: agree" in text


def test_with_dropout_only_the_predictions_before_training_are_compared(parity):
    options = ("--set", "network.conv_dropout=0.5")
    code, text, _ = parity("scripted", "rounded", options=options)
    assert code == 0
    assert "before training; dropout masks are each backend's own" in text
