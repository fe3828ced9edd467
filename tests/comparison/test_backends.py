"""Comparing backends: a difference is one of arithmetic only where all else is equal."""

from __future__ import annotations

import pytest
from scipy import stats

from cnnbench.comparison.compare import compare_records

TORCH = [0.90, 0.92, 0.91]
JAX = [0.91, 0.92, 0.93]


def compare(*folders, **options):
    (table,) = compare_records(list(folders), by="backend", **options).tables
    return table


def both(study, jax_options=None, **torch_options):
    torch = study(backend="torch").add("plain", TORCH, **torch_options).write()
    jax = study(backend="jax").add("plain", JAX, **(jax_options or {})).write()
    return jax, torch


def test_a_variant_is_compared_with_itself_on_the_first_backend(study):
    table = compare(*both(study))
    first, second = table.rows
    assert (first.backend, first.is_baseline) == ("jax", True)
    assert (second.backend, second.is_baseline) == ("torch", False)
    paired = stats.ttest_rel(TORCH, JAX).confidence_interval(0.95)
    assert second.difference.interval.low == pytest.approx(paired.low)
    assert second.difference.interval.high == pytest.approx(paired.high)


def test_another_backend_can_be_the_baseline_and_stands_first(study):
    table = compare(*both(study), baseline="torch")
    assert [row.backend for row in table.rows] == ["torch", "jax"]
    assert table.rows[1].difference.mean == pytest.approx(0.01)


def test_backends_of_a_variant_stand_together(study):
    root = None
    for backend in ("torch", "jax"):
        writer = study(backend=backend).add("plain", TORCH).add("dropout", TORCH)
        root = writer.write().parent.parent
    assert [(row.variant, row.backend) for row in compare(root).rows] == [
        ("plain", "jax"),
        ("plain", "torch"),
        ("dropout", "jax"),
        ("dropout", "torch"),
    ]


def test_pairs_of_other_signals_are_not_said_to_be_of_images(study, samples):
    waves = samples.model_copy(update={"signals": True})
    other = waves.model_copy(update={"digest": "d2"})
    table = compare(*both(study, {"samples": waves}, samples=other))
    assert "plain on torch: other signals than on jax" in table.notes


def test_pairs_of_other_images_are_refused(study, samples):
    other = samples.model_copy(update={"digest": "d2"})
    table = compare(*both(study, samples=other))
    assert table.rows[1].difference is None
    assert "plain on torch: other images than on jax" in table.notes
    assert "plain on torch: no pair with the baseline, so no difference" in table.notes


def test_pairs_of_other_settings_are_refused_and_the_settings_named(study):
    short = {"training": {"epochs": 3, "batch_size": 64}}
    long = {"training": {"epochs": 10, "batch_size": 64}}
    table = compare(*both(study, jax_options={"settings": long}, settings=short))
    assert table.rows[1].difference is None
    assert "plain on torch: other settings than on jax: training.epochs 3 and 10" in table.notes


def test_one_backend_alone_says_that_there_is_nothing_to_compare(study):
    folder = study().add("plain", TORCH).write()
    table = compare(folder)
    assert "recorded on torch only, so there is nothing to compare it with" in table.notes


def test_a_variant_that_the_baseline_lacks_says_so(study):
    study(backend="jax").add("plain", JAX).write()
    writer = study(backend="torch").add("plain", TORCH).add("dropout", TORCH)
    table = compare(writer.write().parent.parent)
    assert (
        "dropout on torch: without a counterpart in the baseline, so no difference" in table.notes
    )


def test_frameworks_differ_by_nature_and_machines_do_not(study):
    def environment(framework, cpu):
        return {"cpu": cpu, "backend_versions": {framework: "1.0", "keras": "3.15"}}

    torch = {"environment": environment("torch", "AMD")}
    table = compare(*both(study, jax_options={"environment": environment("jax", "AMD")}, **torch))
    assert not [note for note in table.notes if "environments" in note]
    table = compare(*both(study, jax_options={"environment": environment("jax", "Intel")}, **torch))
    (note,) = [note for note in table.notes if "environments" in note]
    assert note == "trials ran in 2 environments, which differ in cpu (Intel, AMD)"


def test_the_same_backend_in_two_folders_is_told_apart_by_folder(study, tmp_path):
    first = study().add("plain", TORCH).write()
    second = tmp_path / "elsewhere" / "mnist" / "torch"
    second.parent.mkdir(parents=True)
    first.rename(second)
    first = study().add("plain", JAX).write()
    table = compare(first, second)
    assert [(row.backend, row.place) for row in table.rows] == [
        ("torch", "results"),
        ("torch", "elsewhere"),
    ]
    assert [row.folder for row in table.rows] == [str(first), str(second)]
    assert table.rows[1].difference.n == 3


def test_only_backends_that_stand_in_two_folders_are_told_apart(study, reference):
    reference(backend="jax").add("plain", JAX).write()
    reference(backend="torch").add("plain", TORCH).write()
    folder = study(backend="torch").add("plain", TORCH).write()
    table = compare(folder.parent.parent)
    assert [(row.backend, row.place) for row in table.rows] == [
        ("torch", "results"),
        ("jax", ""),
        ("torch", "results/reference"),
    ]
    assert table.baseline == "torch (results)"


def test_the_nearest_of_two_folders_with_the_backend_that_is_named_is_the_baseline(
    study, reference
):
    reference(backend="jax").add("plain", JAX).write()
    reference(backend="torch").add("plain", TORCH).write()
    folder = study(backend="torch").add("plain", TORCH).write()
    table = compare(folder.parent.parent, baseline="torch")
    assert table.baseline == "torch (results)"
    assert not [note for note in table.notes if "no records on" in note]
