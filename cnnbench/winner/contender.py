"""A variant that may be taken home, by its validation images, and what limits such a choice."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from cnnbench.comparison.classes import things_of
from cnnbench.comparison.series import Series
from cnnbench.report.run import plural


@dataclass(frozen=True, slots=True)
class Contender:
    """A variant by its mean value over the parts that all candidates have.

    values: of each part, in their order. parameters: of its network, None where not recorded.
    """

    variant: str
    values: tuple[float, ...]
    parameters: int | None

    @property
    def mean(self) -> float:
        """What the choice goes by."""
        return statistics.fmean(self.values)


def choice_notes(
    series: Sequence[Series], candidates: Sequence[Contender], named: str | None
) -> tuple[str, ...]:
    """What is to be known of a choice. candidates: the best first. named: asked for, if one was."""
    notes = [] if named else list(_ties(candidates))
    things = things_of(record for each in series for record in each.ok.values())
    valued = {one.variant for one in candidates}
    for each in series:
        if each.variant == named:
            continue
        if each.diverged:
            notes.append(
                f"{each.variant} is left out, as {plural(len(each.diverged), 'trial')} diverged"
            )
        elif each.variant not in valued:
            notes.append(f"{each.variant} is left out, as {_lacking(each, things)}")
    if named:
        notes.append(
            f"{named} was named and not chosen by validation {things}: if its test results led to "
            "it, the test here is not independent of them"
        )
        return tuple(notes)
    notes += _unequal_budgets([x for x in series if x.variant in valued], things)
    compared = len(candidates[0].values)
    asked = max(len(each.planned or each.records) for each in series)
    if compared < asked:
        notes.append(f"compared by {compared} of {asked} replicates, those that all variants have")
    if compared == 1:
        notes.append("one replicate only: the choice may be chance")
    return tuple(notes)


def _lacking(series: Series, things: str) -> str:
    """Why a variant has no value to be chosen by."""
    if any(record.ensemble for record in series.ok.values()):
        return (
            f"its records hold no metrics of validation {things}, as those of ensembles from "
            f"before they were kept; --variant {series.variant} takes it all the same"
        )
    return "it has no result"


def _unequal_budgets(series: Sequence[Series], things: str) -> list[str]:
    """That the best of several candidates was compared with variants that tried fewer."""
    tried = {
        each.variant: len(record.tuning.candidates) if record.tuning else 1
        for each in series
        for record in list(each.ok.values())[:1]
    }
    if len(set(tried.values())) < 2:  # noqa: PLR2004 - all alike
        return []
    told = ", ".join(f"{name} {count}" for name, count in tried.items())
    note = (
        f"variants tried different numbers of settings on the validation {things} ({told}): the "
        "best of many looks better for that alone"
    )
    return [note]


def _ties(candidates: Sequence[Contender]) -> tuple[str, ...]:
    best = candidates[0]
    equal = [one.variant for one in candidates[1:] if one.mean == best.mean]
    if not equal:
        return ()
    smaller = "it has the fewest parameters of them, or stands first in the recipe"
    return (f"{', '.join(equal)} did as well as {best.variant}: {smaller}",)
