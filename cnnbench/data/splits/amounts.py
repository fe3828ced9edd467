"""How many images of each class go into each split: arithmetic on counts, and lots among equals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.source import SplitName
from cnnbench.data.spec import Amount, DataSpec
from cnnbench.data.streams import random_order
from cnnbench.errors import DataError

Counts = NDArray[np.int64]
"""Images per class, shape (classes,)."""
DEFAULT_FRACTION = 0.2
ROUNDING = 1e-6
"""By how many images fractions that add up to 1 may exceed them in floating point."""


LOTS: Mapping[SplitName, int] = {"test": 1, "validation": 2, "train": 3}
"""The stream that each split's lots are drawn from; stream 0 shuffles the images."""


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """Images per class of each split. drawn: whether lots decided, so that other seeds may differ.

    Whether lots decide does not depend on the seed.
    """

    train: Counts
    validation: Counts
    test: Counts
    drawn: bool = False


def plan_amounts(
    pool: Counts,
    fixed: Mapping[SplitName, Counts],
    spec: DataSpec,
    names: Sequence[str],
    part: Counts | None = None,
    *,
    seed: int = 0,
    classes_known: bool = True,
) -> tuple[Amounts, list[DataError]]:
    """Divide the images so that each split keeps the class proportions of what it is drawn from.

    pool: images that the source leaves open. fixed: those of the validation and test splits that
    the source itself fixes. names: of the classes, for messages. part: with cross-validation, the
    images of the pool that are this fold's test split. classes_known: whether the images are those
    of the classes that are meant.

    First the test split is drawn, then validation, then training images, so that asking for fewer
    training images changes neither test nor validation. A fraction is of all the images that the
    split is drawn from, rounded, at least one; where rounding alone lets fractions exceed the
    images, training takes what remains. Of classes with equal claims to a last image the seed draws
    one, so that no class is left out of every replicate. Beside the amounts come the errors: that
    more is asked than there is, where the amount takes no image, or that a class is left without
    training images.
    """
    drawing = _Drawing(pool, fixed, seed)
    drawn = 3 - len(fixed) - (part is not None)
    if drawing.everything < drawn:
        nothing = np.zeros_like(pool)
        few = DataError(
            f"{drawing.everything:,} images are too few to draw {drawn} splits from", "source"
        )
        return Amounts(nothing, nothing, nothing), [few]
    if part is not None:
        drawing.take("test", part, int(part.sum()))
    test = drawing.draw("test", spec.test) if part is None else part
    validation = drawing.draw("validation", spec.validation)
    train = drawing.draw_training(spec.train)
    if not drawing.errors and classes_known:
        drawing.errors += _untrained_classes(train, pool, fixed, names)
    return Amounts(train, validation, test, drawing.drawn), drawing.errors


class _Drawing:
    """What is left of the images while splits are drawn, and what could not be met.

    exact: of the images taken, without rounding. drawn: whether lots decided anything.
    """

    def __init__(self, pool: Counts, fixed: Mapping[SplitName, Counts], seed: int) -> None:
        self.everything = int(pool.sum())
        self.errors: list[DataError] = []
        self.drawn = False
        self._left, self._fixed, self._seed = pool.copy(), fixed, seed
        self._taken: dict[SplitName, str] = {}
        self._exact = 0.0

    def draw(self, split: SplitName, amount: Amount | None) -> Counts:
        """A test or validation split."""
        if split in self._fixed:
            own = self._fixed[split]
            whole = int(own.sum())
            wanted = _number(amount, whole, whole)
            where = f"the source's own {split} split holds"
            return self._apportion(split, self._met(split, wanted, whole, where), own)
        default = max(1, round(DEFAULT_FRACTION * self.everything))
        wanted = _number(amount, self.everything, default)
        wanted = self._met(split, wanted, int(self._left.sum()), self._remain())
        chosen = self._apportion(split, wanted, self._left)
        if wanted:
            exact = DEFAULT_FRACTION if amount is None else amount
            self.take(split, chosen, exact * self.everything if exact < 1 else exact)
        return chosen

    def draw_training(self, amount: Amount | None) -> Counts:
        """The training images, at last."""
        remaining = int(self._left.sum())
        if not remaining:
            after = " and ".join(self._taken.values())
            message = f"no training image remains of {self.everything:,} after {after}"
            self.errors.append(DataError(message, [*self._taken][-1]))
            return self._left
        wanted = _number(amount, self.everything, remaining)
        if isinstance(amount, float):
            excess = self._exact + amount * self.everything - self.everything
            wanted = min(wanted, remaining) if excess <= ROUNDING else wanted
        wanted = self._met("train", wanted, remaining, self._remain())
        return self._apportion("train", wanted, self._left)

    def take(self, split: SplitName, chosen: Counts, exact: float) -> None:
        """Remove images from those left."""
        self._left -= chosen
        if exact:
            self._taken[split] = f"{int(chosen.sum()):,} for {split}"
        self._exact += exact

    def _apportion(self, split: SplitName, total: int, counts: Counts) -> Counts:
        """Of equal claims those come first that leave every class an image to train on."""
        shares, remainders, extra = quotas(total, counts)
        harmless = shares == 0 if split == "train" else shares + 1 < counts
        claims = 2 * remainders + harmless
        self.drawn |= has_ties(claims, extra)
        return round_up(shares, claims, extra, lots(self._seed, len(counts), split))

    def _met(self, split: SplitName, wanted: int, available: int, where: str) -> int:
        """How many images a split gets: as many as it asks for, or none."""
        if wanted > available:
            message = f"{split} asks for {wanted:,} images, but {where} only {available:,}"
            self.errors.append(DataError(message, split))
            return 0
        return wanted

    def _remain(self) -> str:
        if not self._taken:
            return "there are"
        return f"of {self.everything:,} there remain, after {' and '.join(self._taken.values())},"


def quotas(total: int, counts: Counts) -> tuple[Counts, Counts, int]:
    """A total in proportion to the counts, rounded down.

    And what rounding took from each, and how many are to be rounded up for the sum to be met: the
    method of largest remainders, by which each share is within one of its quota and never exceeds
    its count. total: at most the sum of the counts.
    """
    everything = max(1, int(counts.sum()))
    shares, remainders = np.divmod(total * counts, everything)
    return shares, remainders, total - int(shares.sum())


def round_up(shares: Counts, claims: Counts, extra: int, order: Counts) -> Counts:
    """One more for the `extra` highest claims, and of equal ones for the first in the order."""
    shares = shares.copy()
    shares[order[np.argsort(-claims[order], kind="stable")[:extra]]] += 1
    return shares


def has_ties(claims: Counts, extra: int) -> bool:
    """Whether equal claims leave it to the order who is among the `extra` highest."""
    falling = -np.sort(-claims)
    return bool(0 < extra < len(claims) and falling[extra - 1] == falling[extra])


@lru_cache(maxsize=1024)
def lots(seed: int, classes: int, split: SplitName) -> Counts:
    """The order of the classes in which those with equal claims get an image more of a split."""
    return random_order(seed, 0, classes, LOTS[split])


def part_of(counts: Counts, fold: int, folds: int, order: Counts) -> Counts:
    """Images per class in one of `folds` equal parts, dealt out class after class in an order."""
    class_of = np.repeat(order, counts[order])
    return np.bincount(class_of[fold::folds], minlength=len(counts)).astype(np.int64)


def check_folds(spec: DataSpec, images: int, folds: int) -> None:
    """Raise DataError where this many folds make no sense."""
    if folds == 1:
        raise DataError(
            "evaluation.folds = 1 leaves nothing to train on; use 0 for a held-out test split or "
            "at least 2"
        )
    if folds > images:
        raise DataError(f"evaluation.folds = {folds:,}, but there are only {images:,} images")
    if folds and spec.test is not None:
        raise DataError(
            f"test = {spec.test} can't be met with evaluation.folds = {folds}, where each fold's "
            "part is its test split; leave out one of the two",
            "test",
        )


def _number(amount: Amount | None, everything: int, default: int) -> int:
    if amount is None:
        return default
    if isinstance(amount, float):
        return max(1, round(amount * everything))
    return amount


def _untrained_classes(
    train: Counts, pool: Counts, fixed: Mapping[SplitName, Counts], names: Sequence[str]
) -> Iterator[DataError]:
    """That classes have no training image, though there are some, or because there is none."""
    missing = np.flatnonzero(train == 0)
    nowhere = [index for index in missing if not pool[index]]
    if not len(missing):
        return
    if not nowhere and int(pool.max()) <= 1:
        yield DataError(
            f"each of the {int(pool.sum()):,} images that splits are drawn from is of a class of "
            "its own, as if the labels were an id for each image; expected is the kind of thing in "
            "it, the same for many images",
            "source",
        )
        return
    first = int((nowhere or missing)[0])
    others = len(nowhere or missing) - 1
    name = f"class {names[first]!r}" + (f" (and {others} more)" if others else "")
    if not nowhere:
        yield DataError(
            f"{name} has no image among the {int(train.sum()):,} for training: it has "
            f"{int(pool[first]):,} of {int(pool.sum()):,} images outside fixed splits; ask for "
            "more training images, add images of it, or leave it out with `classes`",
            "train",
        )
        return
    holders = " and ".join(split for split, counts in fixed.items() if counts[first])
    where = f"is in the given {holders} split only" if holders else "has no image"
    alike = [x for x in names if x != names[first] and x.casefold() == names[first].casefold()]
    hint = f" ({alike[0]!r} is another class)" if alike else ""
    yield DataError(
        f"{name} {where}{hint}, so there is none to train on; add some, or leave it out with "
        "`classes`",
        "source",
    )
