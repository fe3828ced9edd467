"""What a page says of how a study was made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cnnbench.comparison.values import Reach
from cnnbench.report.chapters import read_book
from cnnbench.report.page.methods import methods
from cnnbench.results.record import PlannedLooks


def methods_of(results):
    (chapter,) = read_book([results]).chapters
    return methods(chapter)


@pytest.mark.parametrize(
    ("seed", "said"), [(None, "the recipe's seed and r"), (7, "the recipe's seed, 7, and r")]
)
def test_the_methods_name_the_seed_where_the_plan_keeps_it(write_study, seed, said):
    assert said in methods_of(write_study(seed=seed))


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"momentum": 0.9}, "optimiser momentum, momentum 0.9, at most 3 epochs."),
        (
            {"momentum": 0.9, "nesterov": True},
            "optimiser momentum, momentum 0.9, in Nesterov's form, at most 3 epochs.",
        ),
        (
            {"momentum": 0.9, "nesterov": False},
            "optimiser momentum, momentum 0.9, at most 3 epochs.",
        ),
        (
            {"optimizer": "adam", "momentum": 0.9, "nesterov": True, "weight_decay": 0.004},
            "optimiser adam, at most 3 epochs.",
        ),
        (
            {"momentum": 0.9, "schedule": {"warmup_epochs": 2}},
            "optimiser momentum, momentum 0.9, at most 3 epochs, a warm-up of 2 epochs.",
        ),
        (
            {"momentum": 0.9, "label_smoothing": 0.1},
            "optimiser momentum, momentum 0.9, at most 3 epochs, label smoothing 0.1.",
        ),
        (
            {"momentum": 0.9, "label_smoothing": 0.0},
            "optimiser momentum, momentum 0.9, at most 3 epochs.",
        ),
    ],
)
def test_the_methods_tell_how_weights_move_and_not_what_their_optimizer_ignores(
    write_study, training, said
):
    settings = {"training": {"optimizer": "momentum", "epochs": 3, **training}}
    assert f"Training: {said}" in methods_of(write_study(settings=settings))


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ((), "Verdicts are taken at looks after 5, 8 and 12 replicates that were planned"),
        ((5,), "by the paired t test that holds whenever one looks"),
    ],
)
def test_the_methods_tell_when_verdicts_were_taken(write_study, looks, said):
    schedule = PlannedLooks(looks=(5, 8, 12))
    assert said in methods_of(write_study(replicates=5, looks=looks, schedule=schedule))


@pytest.mark.parametrize(
    ("reaches", "said"),
    [
        ([Reach.IMAGES, Reach.IMAGES], "estimated from what several replicates said of the same"),
        ([Reach.IMAGES, Reach.IMAGES_AT_MOST], ", where too few such predictions were read;"),
        (
            [Reach.IMAGES_AT_MOST, Reach.IMAGES_AT_MOST],
            "as too few predictions of the same images by several replicates were read;",
        ),
    ],
)
def test_the_methods_tell_where_the_variance_between_images_is_from(write_study, reaches, said):
    (chapter,) = read_book([write_study()]).chapters
    rows = [
        replace(row, reach=reach) for row, reach in zip(chapter.table.rows, reaches, strict=True)
    ]
    text = methods(replace(chapter, table=replace(chapter.table, rows=tuple(rows))))
    assert said in text


def test_the_methods_count_the_variants_that_were_trained(write_study):
    (chapter,) = read_book([write_study()]).chapters
    first, second = chapter.table.rows
    rows = (first, replace(second, n=0, recorded=0))
    text = methods(replace(chapter, table=replace(chapter.table, rows=rows)))
    assert text.startswith("1 of 2 variants of the study study was trained on torch, 3 times each.")


def test_the_methods_claim_no_interval_where_there_is_none(write_study):
    text = methods_of(write_study(replicates=1))
    assert "given as mean over replicates, too few for an interval;" in text
    assert "Student" not in text
    assert "Intervals" not in text
