"""The same trials in other results: what a later run may have lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnbench.comparison.inference.judge import Differences
from cnnbench.comparison.inference.schedule import LookSchedule
from cnnbench.comparison.judging import differences_for
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.pairs import pair_again
from cnnbench.comparison.select import Selection
from cnnbench.comparison.series import Series
from cnnbench.comparison.settings import first_few
from cnnbench.comparison.tables import TableEntry
from cnnbench.comparison.values import located
from cnnbench.errors import ComparisonError


@dataclass(frozen=True, slots=True)
class Loss:
    """What a variant may have lost: differences of results to stored ones, pair by pair.

    diverges: how often it does where the stored did not, "" if never. lacking: why the pairs are
    not all that they should be, "" if they are. margin: the smallest difference that matters.
    """

    variant: str
    place: str
    values: Differences
    margin: float
    diverges: str = ""
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Losses:
    """Of every stored variant of the studies at hand. schedules: when they were looked at.

    notes: what is on one side only, a sentence each.
    """

    found: tuple[Loss, ...]
    notes: tuple[str, ...]
    schedules: tuple[LookSchedule, ...] = ()


def losses_of(
    selections: Sequence[Selection], stored: Sequence[Selection], measure: Measure
) -> Losses:
    """Find the trials again. Raises ComparisonError where none of the studies is stored, or two."""
    if measure.metric.constant:
        raise ComparisonError(
            f"{measure.metric.title} are counted and lose nothing by chance; require a figure, as "
            f"in --require '{measure.metric.name} of VARIANT <= 100000'"
        )
    found: list[Loss] = []
    notes: list[str] = []
    schedules: list[LookSchedule] = []
    for selection in selections:
        name = located(f"{selection.recipe} on {selection.backend}", selection.place)
        same = [x for x in stored if _study(x) == _study(selection)]
        if len(same) > 1:
            folders = " and ".join(x.folder for x in same)
            raise ComparisonError(
                f"{name} is stored several times, in {folders}; name one of them by --against"
            )
        if not same:
            notes.append(f"{name} is not stored, so that nothing of it is compared")
            continue
        (before,) = same
        schedules.append(before.schedule)
        now = {series.variant: series for series in selection.series}
        kept = [series for series in before.series if series.ok]
        found += [_loss(now.get(x.variant), x, name, selection.margin, measure) for x in kept]
        if new := [variant for variant in now if variant not in {x.variant for x in kept}]:
            notes.append(f"{name}: no result of {first_few(new)} is stored to compare with")
    if not found:
        held = first_few(list(dict.fromkeys(" on ".join(_study(x)) for x in stored)))
        raise ComparisonError(
            f"no variant of the results is stored; --against holds {held}, a study is found again "
            "by the names of its recipe, backend and variants"
        )
    return Losses(tuple(found), tuple(notes), tuple(schedules))


def _study(selection: Selection) -> tuple[str, str]:
    return selection.recipe, selection.backend


def _loss(now: Series | None, before: Series, place: str, margin: float, measure: Measure) -> Loss:
    if now is None:
        lacking = "it is stored, but is not among the results"
        return Loss(before.variant, place, Differences(()), margin, lacking=lacking)
    pairs = pair_again(now, before)
    entry = TableEntry(before.variant, now, before, pairs)
    lost = [x for part, x in now.records.items() if x in now.diverged and part in before.ok]
    diverges = f"diverges {len(lost)}/{len(now.records)}, as the stored did not" if lost else ""
    values = differences_for(entry, measure)
    lacking = _lacking(entry, len(values.values), measure)
    return Loss(before.variant, place, values, margin, diverges, lacking)


def _lacking(entry: TableEntry, found: int, measure: Measure) -> str:
    """Survivors alone show no loss: each trial that both were asked for has to have a result."""
    now, before = entry.series, entry.reference
    assert before is not None
    if before.diverged:
        return "some of the stored trials diverge, so that the others are the lucky ones"
    if now.diverged:
        return "it diverges in trials that have no stored result"
    if entry.pairs and entry.pairs.refused:
        return "; ".join(entry.pairs.refused)
    if not entry.looked_at:
        return "the first look of a study that goes on until settled has not been taken"
    asked = [part for part in before.ok if part in (now.planned or now.records)]
    if not asked:
        return "no replicate is in both"
    missing = len(asked) - found
    return f"{missing} of {len(asked)} pairs have no {measure.metric.title}" if missing else ""
