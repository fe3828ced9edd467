"""Shots of a scene on both sides of a split make accuracy look better; groups end that."""

from __future__ import annotations

import statistics

import pytest

pytestmark = [pytest.mark.simulation, pytest.mark.framework]


def test_drawn_shot_by_shot_networks_look_better_than_they_are(bursts, monkeypatch, tmp_path):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path))
    found = bursts.measured(2, "torch-native", scenes=4, shots=4)
    assert {name: len(accuracies) for name, accuracies in found.items()} == {
        "by shot": 2,
        "by scene": 2,
        "other digits": 2,
    }
    shot, scene, others = (statistics.mean(found[name]) for name in found)
    assert shot > others + 0.1, "what it says of itself is not what it does on other digits"
    assert abs(scene - others) < abs(shot - others)
