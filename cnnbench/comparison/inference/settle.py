"""Which variants of a growing study are settled, and which need more replicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnnbench.comparison.inference.judge import Differences, Judgement, judge
from cnnbench.comparison.inference.schedule import LookSchedule
from cnnbench.comparison.inference.verdicts import Margin
from cnnbench.comparison.metrics import Metric
from cnnbench.errors import ComparisonError


@dataclass(frozen=True, slots=True)
class EndedPairs:
    """The pairs of a variant with the baseline that have ended, by replicate.

    differences: None where a trial of the pair ended without a result for another reason than that
    training diverged; diverged: the replicates in which it did. resolution: as `sample_of` takes
    it.
    """

    differences: Mapping[int, float | None]
    diverged: frozenset[int] = frozenset()
    resolution: float = 0.0

    def first(self, look: int) -> Differences:
        """The differences of the first replicates up to one that is not there yet or failed."""
        values: list[float] = []
        for replicate in range(look):
            value = self.differences.get(replicate)
            if value is None:
                break
            values.append(value)
        lost = sum(replicate < look for replicate in self.diverged)
        return Differences(tuple(values), planned=look, diverged=lost, resolution=self.resolution)

    def reached(self, look: int) -> bool:
        """Whether all pairs up to the look have ended well, or one has diverged."""
        found = self.first(look)
        return bool(found.diverged) or len(found.values) == look

    def failed_before(self, look: int) -> tuple[int, ...]:
        """Replicates up to the look that ended without a result and are to be run again."""
        return tuple(
            r for r in range(look) if r in self.differences and self.differences[r] is None
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a variant stands. look: the replicates judged, 0 before the first look.

    wants: the replicates it is to have for its next look, None where it needs no more. held:
    whether a failed pair keeps it from that look, so that the others go on without it. early:
    whether it was settled before the last look; its mean is then a little too far from zero on
    average, which the interval allows for.
    """

    judgement: Judgement
    look: int
    wants: int | None
    early: bool
    reason: str
    held: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether it needs more replicates than it has."""
        return self.wants is not None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A study at its last look.

    next_look: replicates that the variants which go on, and the baseline with them, are to have
    next; None when nothing is left to run but what failed.
    """

    standings: Mapping[str, Standing]
    next_look: int | None


def settled(
    study: Mapping[str, EndedPairs],
    *,
    schedule: LookSchedule,
    metric: Metric,
    margin: Margin | None = None,
) -> Settlement:
    """Take the looks of a study one after the other; a variant that is settled leaves.

    A look is taken when every variant still in the race has all its pairs, so that the verdicts do
    not depend on which trials end first, and what was run beyond it changes nothing. A variant with
    a failed pair waits: dropping the pair would judge it by the runs that happened to work. The
    others go on without it; once it has the pair, the looks are taken anew with it.

    Raises ComparisonError for a cost: times depend on what else runs, and settle nothing; and for a
    schedule without looks.
    """
    if not schedule.looks:
        raise ComparisonError("replicates until settled take looks that were planned beforehand")
    if metric.cost:
        raise ComparisonError(
            f"replicates can't be stopped by {metric.title}: what a run costs depends on the "
            "machine's other work; stop by a metric of the predictions"
        )
    race = _Race(study, schedule, metric, margin)
    for look in schedule.looks:
        late = [name for name in race.active if not study[name].reached(look)]
        failed = [name for name in late if study[name].failed_before(look)]
        if len(failed) < len(late):
            return Settlement(race.standings(look), look)
        race.hold(failed, look)
        if not race.active:
            break
        race.take(look)
    return Settlement(race.standings(None), None)


class _Race:
    """Variants and the looks at which each was judged last."""

    def __init__(
        self,
        study: Mapping[str, EndedPairs],
        schedule: LookSchedule,
        metric: Metric,
        margin: Margin | None,
    ) -> None:
        self._study, self._schedule, self._metric, self._margin = study, schedule, metric, margin
        self.active = list(study)
        self._held: dict[str, int] = {}
        self._looks = dict.fromkeys(study, 0)

    def hold(self, names: Sequence[str], look: int) -> None:
        """Take the looks from this one on without the variants of these names."""
        self._held |= dict.fromkeys(names, look)
        self.active = [x for x in self.active if x not in self._held]

    def take(self, look: int) -> None:
        """Judge the active variants on that many replicates, those that left on theirs."""
        for name in self.active:
            self._looks[name] = look
        found = self._judge()
        self.active = [x for x in self.active if not found[x].verdict.outcome.settled]

    def standings(self, waited_for: int | None) -> dict[str, Standing]:
        found = self._judge()
        most = self._schedule.looks[-1]
        standings = {}
        for name, judgement in found.items():
            look, held = self._looks[name], name in self._held
            wants = self._held.get(name, waited_for if name in self.active else None)
            early = name not in self.active and not held and look < most
            reason = self._reason(name, judgement, wants)
            standings[name] = Standing(judgement, look, wants, early, reason, held)
        return standings

    def _judge(self) -> dict[str, Judgement]:
        return judge(
            {name: pairs.first(self._looks[name]) for name, pairs in self._study.items()},
            schedule=self._schedule,
            margin=self._margin,
            higher_is_better=self._metric.higher_is_better,
        )

    def _reason(self, name: str, judgement: Judgement, wants: int | None) -> str:
        look, words = self._looks[name], judgement.verdict.words
        if wants is None and name not in self.active:
            return f"{words}: settled after {look} replicates"
        if wants is None:
            return f"{words} after {look} replicates, the most allowed"
        pairs = self._study[name]
        if failed := pairs.failed_before(wants):
            listed = ", ".join(str(replicate + 1) for replicate in failed)
            noun = "replicates" if len(failed) > 1 else "replicate"
            return f"the look at {wants} waits for {noun} {listed}, which failed"
        ended = len(pairs.first(wants).values)
        if not look:
            return f"{ended} of {wants} replicates ended for the first look"
        return f"{words} after {look} replicates; {ended} of {wants} ended for the next look"
