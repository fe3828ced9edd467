"""What a comparison comes to; the reports render these values and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from cnnbench.comparison.inference.data_sets import Ranking
from cnnbench.comparison.inference.judge import Judgement
from cnnbench.comparison.inference.verdicts import Margin
from cnnbench.comparison.intervals import Estimate
from cnnbench.comparison.metrics import Metric

By = Literal["variant", "backend"]


@dataclass(frozen=True, slots=True)
class SplitSizes:
    """How many images the trials of a variant drew for each split, None where the number varies."""

    train: int | None = None
    validation: int | None = None
    test: int | None = None


class Reach(StrEnum):
    """What the interval of a value speaks of.

    IMAGES: of new images that are tested, too; how much images differ is known from predictions.
    IMAGES_AT_MOST: the same, as if each image were always right or always wrong, as too few
    predictions were read, so that the interval is rather too wide.
    """

    REPLICATES = "replicates"
    IMAGES = "replicates and images"
    IMAGES_AT_MOST = "replicates and images at most"


@dataclass(frozen=True, slots=True)
class Row:
    """One variant on one backend.

    folder: of its records. place: the results folder in short, where the table has another row of
    the same variant and backend; else "". n: values that the mean is over, one a replicate and
    fold. planned: trials of the study, None where no plan tells. missing: planned trials without
    any record. difference: to the baseline, over the `difference.n` pairs that both have; None for
    the baseline itself or without a pair. diverged: how many of the failed are the variant's own
    fault; then the value has no interval, and neither it nor, for the baseline, any other variant a
    difference. recorded: planned trials with a record, however they ended.
    judgement: what the difference comes to among all of the table; the difference's interval is the
    judgement's. None for the baseline, without a pair, and of what is counted, not measured.
    against: the variant that it is compared with, where that is not the table's baseline.
    reach: what the value's interval speaks of.
    training_seconds, joules: median over the trials. parameters: of the network, None if it varies.
    """

    variant: str
    backend: str
    folder: str
    place: str
    images: SplitSizes
    is_baseline: bool
    n: int
    planned: int | None
    missing: int
    failed: int
    timeout: int
    unsupported: int
    value: Estimate | None
    difference: Estimate | None
    training_seconds: float | None
    parameters: int | None
    diverged: int = 0
    recorded: int = 0
    judgement: Judgement | None = None
    against: str = ""
    joules: float | None = None
    reach: Reach = Reach.REPLICATES


@dataclass(frozen=True, slots=True)
class Technique:
    """A line of a curve. rows: numbers of the table's rows, amount by amount; None for no variant.

    is_baseline: whether the others are compared with it.
    """

    name: str
    rows: tuple[int | None, ...]
    is_baseline: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """How a table's rows lie by a number. key: of the recipe, with these rising amounts."""

    key: str
    amounts: tuple[float, ...]
    techniques: tuple[Technique, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One recipe, on one backend or, compared by backend, on all.

    place: the results folder in short, where the tables come from several; else "".
    baseline: the variant, or by backend the backend, that the others are compared with.
    images: the data in a few words. chance, majority: accuracy of guessing evenly, and of always
    saying the most frequent class; None for a metric that has no such level. folds: parts of the
    cross-validation that the values come from, 0 without one. notes: a sentence each, everything
    that limits what the table says. margin: the smallest difference that matters, None for a metric
    that has none. family: comparisons that are corrected for each other. finds: by number of
    replicates, how large a true difference must be to be found, by itself, in four of five studies.
    looks: numbers of replicates at which verdicts were to be taken, () of a fixed number.
    anytime: whether replicates were added after a look, so that the test is the one for that.
    published: accuracies that others reported of variants, where the table is of that.
    curve: where techniques are compared amount by amount; the baseline is then a technique.
    things: what the data are, "images" or "signals".
    """

    recipe: str
    title: str
    backends: tuple[str, ...]
    folders: tuple[str, ...]
    place: str
    baseline: str
    images: str
    chance: float | None
    majority: float | None
    folds: int
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    margin: Margin | None = None
    family: int = 0
    finds: tuple[tuple[int, float], ...] = ()
    looks: tuple[int, ...] = ()
    anytime: bool = False
    published: Mapping[str, float] = field(default_factory=dict)
    curve: Curve | None = None
    things: str = "images"


@dataclass(frozen=True, slots=True)
class Ranks:
    """Variants that were tried on the same data sets, on one backend.

    means: of each variant, the mean of the metric on each data set. notes: a sentence each.
    """

    backend: str
    data_sets: tuple[str, ...]
    means: Mapping[str, tuple[float, ...]]
    ranking: Ranking
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Tables by recipe.

    notes: what concerns all of them, such as damaged files. also: the same rows by other metrics.
    ranks: of variants that several tables have, where these are of at least three data sets.
    """

    metric: Metric
    split: str
    by: By
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    also: tuple[Comparison, ...] = ()
    ranks: tuple[Ranks, ...] = ()


def located(name: str, place: str) -> str:
    """A name, and where it is found if that is worth saying."""
    return f"{name} ({place})" if place else name


def name_of(comparison: Comparison, table: Table) -> str:
    """The recipe and what it ran on, unlike the name of any other table."""
    where = "by backend" if comparison.by == "backend" else f"on {' and '.join(table.backends)}"
    return located(f"{table.recipe} {where}", table.place)
