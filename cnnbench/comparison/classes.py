"""The classes of a table: their names, how many images they have, and which are not tested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.settings import first_few
from cnnbench.results.record import Record, Samples

_NAMED = 10
_LONGEST = 30
_MACRO = {"balanced_accuracy", "precision", "recall", "f1"}
UNEVEN = 1.5
"""Classes are uneven where one has more than so many times the images of another."""
USUAL, OF_EACH_CLASS = "accuracy", ("balanced_accuracy", "f1")
"""What is shown without being asked for, and what beside it where classes are uneven."""


def classes_of(samples: Sequence[Samples]) -> str:
    """How many classes there are, the first ten by name, and how many images each has.

    The counts are over all splits of a trial; they stand apart where all are equal, and are left
    out where trials have other classes than others, or tell none.
    """
    samples = list({id(x): x for x in samples}.values())
    names = list(dict.fromkeys(name for x in samples for name in x.classes))
    number = f"{len(names):,} {'class' if len(names) == 1 else 'classes'}"
    counts = {_images_each(x) for x in samples}
    each = counts.pop() if len(counts) == 1 and len({x.classes for x in samples}) == 1 else ()
    shown = [_short(name) for name in names]
    if len(set(each)) == 1:
        number += f" of {each[0]:,} {samples[0].things}"
    elif each:
        shown = [f"{name} {count:,}" for name, count in zip(shown, each, strict=True)]
    return f"{number}: {first_few(shown, _NAMED)}" if names else number


def things_of(records: Iterable[Record]) -> str:
    """What the data are in a sentence: images, or signals."""
    return next((record.samples.things for record in records if record.samples), "images")


def tested(record: Record, split: str) -> tuple[int, ...]:
    """How many images of each class a split holds; empty where the record does not tell."""
    samples = record.samples
    if samples is None:
        return ()
    counts = samples.by_class.get(split) or _labelled(record, split)
    return counts if len(counts) == len(samples.classes) else ()


def usual_metrics(records: Iterable[Record], split: str) -> tuple[str, ...]:
    """Accuracy, and beside it what counts every class alike where those of any trial are uneven.

    Balanced accuracy is the mean recall of the classes, macro F1 the mean of their F1.
    """
    uneven = any(is_uneven(counts.values()) for counts in _counted(records, split))
    return (USUAL, *OF_EACH_CLASS) if uneven else (USUAL,)


def is_uneven(counts: Iterable[int]) -> bool:
    """Whether classes of so many images are, those without any aside."""
    there = [count for count in counts if count]
    return bool(there) and max(there) > UNEVEN * min(there)


def class_notes(records: Sequence[Record], measure: Measure) -> Iterator[str]:
    """On uneven classes, and on those without an image, of which the metric says nothing."""
    counted = [counts for counts in _counted(records, measure.split) if any(counts.values())]
    things = things_of(records)
    if measure.metric.name == USUAL:
        yield from _leaning(counted, f"{measure.split} {things}")
    lacking = [tuple(name for name, n in counts.items() if not n) for counts in counted]
    names = [_short(name) for name in dict.fromkeys(name for left in lacking for name in left)]
    if measure.metric.cost or not names:
        return
    everywhere = len(set(lacking)) == 1
    where = "" if everywhere else "in some trials "
    text = f"{where}no {measure.split} {things.removesuffix('s')} is of {first_few(names, _NAMED)}"
    if measure.metric.name in _MACRO:
        left, total = len(counted[0]) - len(lacking[0]), len(counted[0])
        over = f"{left} of {total}" if everywhere else f"fewer than the {total}"
        text += f", so that {measure.metric.title} is over {over} classes"
    if measure.metric.name in _MACRO - {"balanced_accuracy"}:
        text += "; another that is predicted all the same counts as 0"
    yield text


def _leaning(counted: Sequence[Mapping[str, int]], things: str) -> Iterator[str]:
    there = [[n for n in counts.values() if n] for counts in counted]
    uneven = [counts for counts in there if is_uneven(counts)]
    if uneven:
        low, high = min(map(min, uneven)), max(map(max, uneven))
        yield (
            f"classes have {low:,} to {high:,} {things}, so that accuracy leans to the larger "
            "ones; balanced accuracy and macro F1 count each class alike"
        )


def _counted(records: Iterable[Record], split: str) -> list[Mapping[str, int]]:
    """What records tell of the images of each class, once of those that share their samples.

    Older records share samples, too, but not what they tell: that stands in their own metrics.
    """
    differing: dict[int, tuple[Samples, Record]] = {}
    for record in records:
        if samples := record.samples:
            whose = samples if samples.by_class.get(split) else record
            differing.setdefault(id(whose), (samples, record))
    return [
        dict(zip(samples.classes, counts, strict=True))
        for samples, record in differing.values()
        if (counts := tested(record, split))
    ]


def _images_each(samples: Samples) -> tuple[int, ...]:
    return tuple(map(sum, zip(*samples.by_class.values(), strict=True)))


def _labelled(record: Record, split: str) -> tuple[int, ...]:
    """Older records have the counts as sums of the confusion matrix's rows."""
    matrix = record.metrics.get(split, {}).get("confusion")
    if not isinstance(matrix, list) or not all(isinstance(row, list) for row in matrix):
        return ()
    try:
        counts = tuple(map(sum, matrix))
    except TypeError:
        return ()
    return counts if all(isinstance(count, int) for count in counts) else ()


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
