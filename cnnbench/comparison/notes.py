"""What limits a row: missing, failed or too few trials, no pairs, nothing learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from cnnbench.comparison.classes import things_of
from cnnbench.comparison.inference import skewness
from cnnbench.comparison.intervals import FEWEST, ROUNDING
from cnnbench.comparison.levels import level_to_beat
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.series import in_order
from cnnbench.comparison.tables import TableEntry, differences_of
from cnnbench.comparison.values import Row
from cnnbench.results.record import Record, Status

_REASONS = 2
_RARE = 0.01
USUAL = 5
"""Replicates to ask for at once: two find next to nothing, and to add some later is a look."""


def row_notes(
    entries: Sequence[TableEntry], rows: Sequence[Row], measure: Measure
) -> tuple[str, ...]:
    """A sentence for each caveat, kind by kind, rows with the same one named together."""
    both = list(zip(entries, rows, strict=True))
    said = [
        *((entry.label, text) for entry, row in both for text in _missing(entry, row)),
        *((entry.label, text) for entry, _ in both for text in _diverged(entry, measure)),
        *((entry.label, text) for entry, _ in both for text in _ended(entry)),
        *(
            (entry.label, text)
            for entry, row in both
            for text in _without_value(entry, row, measure)
        ),
        *((entry.label, text) for entry, row in both for text in _too_few(row, measure)),
        *(
            (entry.label, text)
            for entry, row in both
            for text in _without_spread(entry, row, measure)
        ),
        *_skewed(both, measure),
        *((entry.label, text) for entry, row in both for text in _pairs(entry, row, measure)),
        *((entry.label, text) for entry, row in both for text in _level(entry, row, measure)),
        *((entry.label, text) for entry, _ in both for text in _together(entry)),
        *_pretraining(entries),
    ]
    return tuple(grouped(said))


def grouped(said: Iterable[tuple[str, str]]) -> Iterator[str]:
    """LABEL, LABEL: TEXT for each text, in the order of its first mention."""
    labels: dict[str, dict[str, None]] = {}
    for label, text in said:
        labels.setdefault(text, {})[label] = None
    for text, names in labels.items():
        yield f"{', '.join(names)}: {text}"


def _missing(entry: TableEntry, row: Row) -> Iterator[str]:
    planned = entry.series.planned
    if planned is not None and not planned:
        yield "no trial planned"
    elif planned and row.missing:
        folds = any(fold is not None for _, fold in planned)
        things = "trials" if folds else "replicates"
        yield f"{len(planned) - row.missing} of {len(planned)} {things} recorded"


def _diverged(entry: TableEntry, measure: Measure) -> Iterator[str]:
    diverged, total = entry.series.diverged, len(entry.series.records)
    if diverged:
        survivors = total > len(diverged) and not measure.metric.constant
        what = ", so that there is no interval and no difference" if survivors else ""
        yield f"diverges in {len(diverged)} of {_trials(total)}{what}: {_reasons(diverged)}"


def _ended(entry: TableEntry) -> Iterator[str]:
    endings = {
        Status.FAILED: "failed",
        Status.TIMEOUT: "ran out of time",
        Status.UNSUPPORTED: "not supported by the backend",
    }
    total = len(entry.series.records)
    for status, ending in endings.items():
        ended = [x for x in entry.series.records.values() if x.status is status]
        records = [x for x in ended if x not in entry.series.diverged]
        if records:
            yield f"{len(records)} of {_trials(total)} {ending}: {_reasons(records)}"


def _reasons(records: Sequence[Record]) -> str:
    """The most frequent reasons, each on one line; files beside records are told without ids."""
    counts = Counter(
        " ".join(record.reason.replace(f"/{record.trial}.", "/TRIAL.").split()) or "no reason given"
        for record in records
    )
    named = [
        f"{reason} ({count} times)" if len(counts) > 1 and count > 1 else reason
        for reason, count in counts.most_common(_REASONS)
    ]
    if more := len(counts) - len(named):
        named.append(f"{more} other {'reason' if more == 1 else 'reasons'}")
    return "; ".join(named)


def _without_value(entry: TableEntry, row: Row, measure: Measure) -> Iterator[str]:
    lacking = len(entry.series.ok) - row.n
    if not lacking:
        return
    told = (x.unmeasured.get(measure.metric.name) for x in entry.series.ok.values())
    if reasons := list(dict.fromkeys(filter(None, told))):
        said = "; ".join(reasons[:_REASONS])
        yield f"{measure.metric.title} of {_trials(lacking)} was not measurable: {said}"
        return
    yield f"{_trials(lacking)} without a finite {measure.metric.title} left out"


def _too_few(row: Row, measure: Measure) -> Iterator[str]:
    if not 0 < row.n < FEWEST or measure.metric.constant:
        return
    text = "one replicate only, so no interval; a difference may be chance"
    if row.planned is None or row.planned < FEWEST:  # else the rest of the study is missing
        text += f"; run the recipe with --set replicates={USUAL} for an interval"
    yield text


def _without_spread(entry: TableEntry, row: Row, measure: Measure) -> Iterator[str]:
    """Equal values show a spread that is too small to be seen in so few, not one of zero."""
    interval = row.value.interval if row.value else None
    if row.value and interval and interval.low == interval.high:
        yield (
            f"all {row.value.n} values are exactly the same, so that an interval of width 0 "
            "says nothing about the uncertainty of the mean"
        )
    differences = differences_of(entry, measure).values()
    if row.judgement and len(differences) > 1 and max(differences) - min(differences) <= ROUNDING:
        width = "their interval is as wide as the steps of the metric alone make it"
        if row.difference is None or row.difference.interval is None:
            width = "nothing tells how uncertain the mean is"
        yield f"all {len(differences)} differences are exactly the same, so that {width}"


def _skewed(both: Sequence[tuple[TableEntry, Row]], measure: Measure) -> Iterator[tuple[str, str]]:
    """Differences that no t test likes, of a kind that chance makes in one table of a hundred.

    Of those that the verdict rests on, a mean for each replicate: its folds are no chances apart.
    """
    judged = [(entry, x) for entry, row in both if (x := row.judgement) and x.sample]
    for entry, judgement in judged:
        differences = differences_of(entry, measure)
        by_replicate: dict[int, list[float]] = {}
        for part in sorted(differences, key=in_order)[: judgement.n]:
            by_replicate.setdefault(part[0], []).append(differences[part])
        means = {replicate: fmean(found) for replicate, found in by_replicate.items()}
        values = list(means.values())
        if len(values) < skewness.FEWEST or max(values) - min(values) <= ROUNDING:
            continue
        if skewness.p_of_skewness(values) * len(judged) < _RARE:
            mean = fmean(values)
            farthest = max(means, key=lambda replicate: abs(means[replicate] - mean))
            text = f"differences lean to one side, replicate {farthest + 1} farthest, so that a "
            yield entry.label, f"{text}false verdict is likelier than 5 %"


def _pairs(entry: TableEntry, row: Row, measure: Measure) -> Iterator[str]:
    if entry.is_baseline or not row.n:
        return
    if entry.pairs is None:
        yield "without a counterpart in the baseline, so no difference"
        return
    yield from entry.pairs.refused
    if not entry.has_difference and not measure.metric.constant:
        if not row.diverged:
            yield "the baseline diverges, so no difference"
        return
    paired = row.difference.n if row.difference else 0
    if not paired:
        yield "no pair with the baseline, so no difference"
    elif paired < row.n:
        yield f"difference over {paired} of {row.n} trials, the others make no pair"


def _level(entry: TableEntry, row: Row, measure: Measure) -> Iterator[str]:
    """An interval that reaches down to the trivial level shows nothing to be learnt."""
    level = level_to_beat(entry.series.ok.values(), measure)
    if row.value is None or level is None:
        return
    name, value = level
    if row.value.interval is not None and row.value.interval.low <= value:
        yield f"interval does not clear the {name} ({100 * value:.1f} %)"
    elif row.value.interval is None and row.value.mean <= value:
        yield f"not above the {name} ({100 * value:.1f} %)"


def _together(entry: TableEntry) -> Iterator[str]:
    """What the networks of an ensemble are worth alone, which the table can't show."""
    found = [x.ensemble for x in entry.series.ok.values() if x.ensemble and x.ensemble.accuracies]
    counts = sorted({len(ensemble.accuracies) for ensemble in found})
    if not found:
        return
    alone = fmean(fmean(ensemble.accuracies) for ensemble in found)
    best = fmean(max(ensemble.accuracies) for ensemble in found)
    networks = " to ".join(dict.fromkeys(str(n) for n in (counts[0], counts[-1])))
    things = things_of(entry.series.ok.values())
    yield (
        f"{networks} networks together; alone {100 * alone:.1f} % of test {things} on average, "
        f"the best of them {100 * best:.1f} %"
    )


def _pretraining(entries: Sequence[TableEntry]) -> Iterator[tuple[str, str]]:
    """What each study spent on bases, which no cost of a trial that starts from one has."""
    seconds: dict[tuple[str, str], dict[str, float]] = {}
    starts: dict[tuple[str, tuple[str, str]], None] = {}
    for entry in entries:
        for record in entry.series.ok.values():
            base = record.pretrained
            if base and base.trained_in is not None:
                study = entry.series.folder, base.base
                seconds.setdefault(study, {})[base.digest] = base.trained_in
                starts[entry.label, study] = None
    for label, study in starts:
        each = f"{fmean(seconds[study].values()):.3g} s a replicate"
        text = f"starts from {study[1]}, which this study trained in {each}, once for all that "
        yield label, f"{text}start from it; no cost here has it"


def _trials(count: int) -> str:
    return f"{count} {'trial' if count == 1 else 'trials'}"
