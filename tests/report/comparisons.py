"""Comparisons written down by hand, so that reports are tested apart from what computes them."""

from __future__ import annotations

from dataclasses import replace

from cnnbench.comparison.inference.judge import Judgement
from cnnbench.comparison.inference.verdicts import Conclusion, margin_of_fractions, verdict
from cnnbench.comparison.intervals import Estimate, Interval
from cnnbench.comparison.metrics import METRICS
from cnnbench.comparison.values import Comparison, Reach, Row, SplitSizes, Table


def estimate(mean, half=None, n=5):
    interval = None if half is None else Interval(mean - half, mean + half)
    return Estimate(mean, n, interval)


def row(variant, value, difference=None, **changes):
    made = Row(
        variant=variant,
        backend="torch",
        folder="results/small_data/torch",
        place="",
        images=SplitSizes(200, 200, 1000),
        is_baseline=False,
        n=5,
        planned=5,
        missing=0,
        failed=0,
        timeout=0,
        unsupported=0,
        value=value,
        difference=difference,
        training_seconds=12.34,
        parameters=93_322,
    )
    return replace(made, **changes)


def judged(variant, outcome, mean, half, won, **changes):
    """A row of ten pairs with a verdict, the plain interval two thirds as wide as its own."""
    difference = estimate(mean, half, n=10)
    judgement = Judgement(
        verdict(Conclusion(outcome), margin_of_fractions(0.01), "2/10"),
        10,
        difference.interval,
        Interval(mean - half * 2 / 3, mean + half * 2 / 3),
        p=0.012,
        p_holm=0.036,
        won=won,
    )
    if outcome == "diverges":
        judgement, difference = replace(judgement, interval=None, plain=None, n=0), None
    value = estimate(0.9 + mean, 0.01, n=10)
    changes = {"reach": Reach.IMAGES} | changes
    return row(variant, value, difference, n=10, planned=10, judgement=judgement, **changes)


def table(*rows, **changes):
    made = Table(
        recipe="small_data",
        title="What helps when images are few",
        backends=("torch",),
        folders=("results/small_data/torch",),
        place="",
        baseline="plain",
        images="mnist5k: 200 train, 200 validation, 1,000 test images, 10 classes",
        chance=0.1,
        majority=0.114,
        folds=0,
        rows=rows,
        notes=(),
    )
    return replace(made, **changes)


def comparison(*tables, metric="accuracy", by="variant", notes=()):
    return Comparison(METRICS[metric], "test", by, tables, notes)


SMALL_DATA = comparison(
    table(
        row("plain", estimate(0.9012, 0.0123), is_baseline=True),
        row(
            "dropout",
            estimate(0.9134, 0.0087),
            estimate(0.0122, 0.0093),
            training_seconds=14.02,
        ),
        row(
            "augmentation",
            estimate(0.9411, 0.0062, n=3),
            estimate(0.0401, 0.0111, n=3),
            n=3,
            missing=2,
            training_seconds=215.2,
        ),
        row(
            "all together [sic]",
            None,
            None,
            n=0,
            failed=5,
            training_seconds=None,
            parameters=1_093_322,
        ),
        notes=(
            "augmentation: 3 of 5 replicates recorded",
            (
                "all together [sic]: 5 of 5 trials failed: the process was killed, perhaps for "
                "want of memory, and the sentence about it is long enough to be wrapped"
            ),
        ),
    ),
    notes=("results/small_data/torch/records.jsonl: no record in line 3; ignored",),
)

VERDICTS = comparison(
    table(
        row(
            "plain",
            estimate(0.9, 0.01, n=10),
            n=10,
            planned=10,
            is_baseline=True,
            reach=Reach.IMAGES,
        ),
        judged("augmentation", "better", 0.044, 0.013, 10),
        judged("dropout", "better", 0.018, 0.012, 9),
        judged("l1", "slightly worse", -0.005, 0.003, 1),
        judged("l2", "same", 0.001, 0.006, 6),
        judged("batch_norm", "maybe better", 0.018, 0.019, 9),
        judged("early_stopping", "open", 0.002, 0.02, 5),
        judged("rate", "diverges", 0.0, 0.01, 0, diverged=2, failed=2, recorded=10),
        margin=margin_of_fractions(0.01),
        family=6,
        finds=((10, 0.0291), (20, 0.019), (30, 0.015)),
    ),
)

BACKENDS = comparison(
    table(
        row("plain", estimate(0.9012, 0.0123), is_baseline=True),
        row("plain", estimate(0.9008, 0.012), estimate(-0.0004, 0.0009), backend="jax"),
        row("dropout", estimate(0.9134, 0.0087), is_baseline=True),
        row("dropout", estimate(0.9134), estimate(0.0), backend="jax", n=1),
        backends=("torch", "jax"),
        baseline="torch",
    ),
    by="backend",
)

TWO_TABLES = comparison(
    SMALL_DATA.tables[0],
    table(
        row("convnet", estimate(0.99081, 0.00031), is_baseline=True),
        row("dense|net", estimate(0.978, 0.0004), estimate(-0.01281, 0.0005), parameters=None),
        recipe="mnist",
        title="",
        images="",
        baseline="convnet",
        folds=5,
    ),
)

CONSTANTS = comparison(
    table(
        row("plain", estimate(93_322), is_baseline=True),
        row("large", estimate(1_093_322), estimate(1_000_000)),
        chance=None,
        majority=None,
    ),
    metric="parameters",
)

TIMES = comparison(
    table(
        row("plain", estimate(0.00213, 0.0001), is_baseline=True),
        row("large", estimate(0.01451, 0.0012), estimate(0.01238, 0.0013)),
        chance=None,
        majority=None,
    ),
    metric="latency_single",
)
