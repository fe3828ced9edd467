"""Where the variants of a study stand that goes on until its verdicts are settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cnnbench.comparison.inference.schedule import LookSchedule
from cnnbench.comparison.inference.settle import EndedPairs, Settlement, Standing, settled
from cnnbench.comparison.inference.verdicts import Conclusion, margin_of_fractions
from cnnbench.comparison.metrics import find_measure
from cnnbench.comparison.notes import grouped
from cnnbench.comparison.pairs import pair
from cnnbench.comparison.series import Part, Series
from cnnbench.comparison.tables import TableEntry, differences_of, resolution_of
from cnnbench.results.record import Status

MEASURE = find_measure("accuracy", "test")
"""What replicates are stopped by."""
_EARLY = (
    "stopped early, so that the mean is a little too far from zero on average; the interval allows "
    "for that"
)


def settlement_of(
    series: Sequence[Series], baseline: str, schedule: LookSchedule, margin: float
) -> Settlement:
    """Take the looks of a study at all that is recorded of it.

    A variant that the backend can't train, or of which nothing is recorded, is compared with
    nothing and does not count.
    """
    reference = next((x for x in series if x.variant == baseline), None)
    pairs = {
        x.variant: _ended(x, reference)
        for x in series
        if reference is not None and x is not reference and _tried(x)
    }
    return settled(
        pairs,
        schedule=schedule,
        metric=MEASURE.metric,
        margin=margin_of_fractions(margin) if margin else None,
    )


def counted(
    series: Sequence[Series], baseline: str, settlement: Settlement, first: int
) -> tuple[Series, ...]:
    """The same series with what verdicts rest on: each up to its look, the baseline to the last.

    first: replicates at the first look. What was run beyond a look waits for the next one; before
    the first one all of it is shown, and nothing is concluded from it.
    """
    standings = settlement.standings
    last = max((x.look for x in standings.values()), default=0)
    looks = {name: x.look for name, x in standings.items()} | {baseline: last}
    return tuple(_up_to(x, looks.get(x.variant, 0), first) for x in series)


def settlement_notes(settlement: Settlement, by: str = "") -> Iterator[str]:
    """What is open and why, and whose mean is too far out for having been stopped early.

    by: what the settlement goes by, for a table that goes by something else.
    """
    standings = settlement.standings
    yield from grouped(
        (name, x.reason if x.held else f"{by}{x.reason}")
        for name, x in standings.items()
        if x.held or (x.look and not x.judgement.verdict.outcome.settled)
    )
    early = (name for name, x in standings.items() if x.early and _claims(x))
    yield from grouped((name, f"{by}{_EARLY}") for name in early)


def look_sentence(settlement: Settlement) -> str:
    """What the last look came to: what was settled at it, and who goes on."""
    standings = settlement.standings
    last = max((x.look for x in standings.values()), default=0)
    settled_now = [
        f"{name} {x.judgement.verdict.words}"
        for name, x in standings.items()
        if x.look == last and not x.goes_on
    ]
    going = sum(x.goes_on and not x.held for x in standings.values())
    parts = [", ".join(settled_now) or "nothing is settled"]
    if settlement.next_look:
        goes = "variant goes" if going == 1 else "variants go"
        parts.append(f"{going} {goes} on to {settlement.next_look}")
    return f"look after {last} replicates: {'; '.join(parts)}"


def _claims(standing: Standing) -> bool:
    outcome = standing.judgement.verdict.outcome
    return (outcome.helps or outcome.hurts) and outcome is not Conclusion.DIVERGES


def _tried(series: Series) -> bool:
    return any(record.status is not Status.UNSUPPORTED for record in series.records.values())


def _ended(series: Series, reference: Series) -> EndedPairs:
    """The pairs of which both trials have ended, in whatever way."""
    entry = TableEntry(series.variant, series, reference, pair(series, reference))
    values = differences_of(entry, MEASURE)
    both: Mapping[Part, object] = {x: None for x in series.records if x in reference.records}
    return EndedPairs(
        {part[0]: values.get(part) for part in both},
        frozenset(record.replicate for record in series.diverged),
        resolution_of([series.ok[part] for part in values], MEASURE),
    )


def _up_to(series: Series, look: int, first: int) -> Series:
    end = look or first
    planned = None
    if series.planned is not None:
        planned = tuple(part for part in series.planned if part[0] < end)
    if not look:
        return replace(series, planned=planned, look=0)
    kept = {part: record for part, record in series.records.items() if part[0] < look}
    return replace(series, records=kept, planned=planned, look=look)
