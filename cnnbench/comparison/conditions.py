"""What limits a whole table: its images, the machines, and what ran beside the trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnnbench.comparison.classes import classes_of, things_of
from cnnbench.comparison.notes import grouped
from cnnbench.comparison.settings import flat
from cnnbench.comparison.tables import TableEntry
from cnnbench.results.record import Record

_SAMPLE_NOTES = 5
_NAMED = 3
_LONGEST = 60
_PROCESSOR = ("cpu", "processor", "instructions")


def images_of(records: Sequence[Record]) -> str:
    """The data in a few words, "" where no record tells."""
    samples = [record.samples for record in records if record.samples]
    if not samples:
        return ""
    counts = [
        f"{_range([getattr(x, split) for x in samples])} {split}"
        for split in ("train", "validation", "test")
        if any(getattr(x, split) for x in samples)
    ]
    sources = ", ".join(dict.fromkeys(x.source for x in samples))
    return f"{sources}: {', '.join(counts)} {things_of(records)}, {classes_of(samples)}"


def condition_notes(
    entries: Sequence[TableEntry],
    environments: Mapping[str, Mapping[str, Any]],
    split_told: str = "",
) -> tuple[str, ...]:
    """A sentence for each condition that the trials did not share, or that weakens all of them.

    split_told: the split whose missing classes have been told, in better words.
    """
    records = [x for entry in entries for x in entry.series.ok.values()]
    return (
        *_images(records, split_told),
        *grouped(_other_images(entries, things_of(records))),
        *(processors := tuple(_processors(records, environments))),
        *_environments(
            entries, environments, told=("machine", *(_PROCESSOR if processors else ()))
        ),
        *_devices(entries),
        *_machines(records, environments),
        *_beside(records),
    )


def _images(records: Sequence[Record], split_told: str) -> Iterator[str]:
    samples = [record.samples for record in records if record.samples]
    things = things_of(records)
    if synthetic := ", ".join(dict.fromkeys(x.source for x in samples if x.synthetic)):
        made = "drawn by a program, not photographed"
        if things == "signals":
            made = "made by a program, not measured"
        yield f"{things} of {synthetic} are synthetic: {made}"
    if len({len(x.classes) for x in samples}) > 1:
        yield "variants have different numbers of classes, so that their levels of chance differ"
    told = tuple(f"{whose} {split_told} split holds" for whose in ("The", "A fold's"))
    remarks = dict.fromkeys(note for x in samples for note in x.notes)
    notes = [note for note in remarks if not note.startswith(told)]
    yield from (f"{things}: {note}" for note in notes[:_SAMPLE_NOTES])
    if len(notes) > _SAMPLE_NOTES:
        yield f"{things}: {len(notes) - _SAMPLE_NOTES} more remarks in the records"


def _other_images(entries: Sequence[TableEntry], things: str) -> Iterator[tuple[str, str]]:
    """Variants that were trained or tested on other images than the baseline, in their pairs."""
    for entry in entries:
        digests = {x.samples.digest for x in entry.series.ok.values() if x.samples}
        if len(digests) > 1:
            yield entry.label, f"replicates drawn from different versions of the {things}"
        for record, counterpart in entry.pairs.by_part.values() if entry.pairs else ():
            ours, theirs = record.samples, counterpart.samples
            if ours is None or theirs is None:
                continue
            if ours.digest != theirs.digest:
                yield entry.label, f"drawn from other decoded {things} than the baseline"
            if ours.test != theirs.test or ours.classes != theirs.classes:
                yield entry.label, f"tested on other {things} than the baseline"


def _environments(
    entries: Sequence[TableEntry],
    environments: Mapping[str, Mapping[str, Any]],
    told: Sequence[str],
) -> Iterator[str]:
    """What differs, but for what has been told.

    Where backends are compared, what only one of them has (its framework) is no difference.
    """
    used = dict.fromkeys(x.environment for e in entries for x in e.series.ok.values())
    known = [dict(flat(environments[key])) for key in used if key in environments]
    if len(used) < 2:  # noqa: PLR2004 - one environment is the same environment
        return
    several = len({entry.series.backend for entry in entries}) > 1
    keys = list(dict.fromkeys(key for environment in known for key in environment))
    if several:
        keys = [key for key in keys if all(key in environment for environment in known)]
    differing = []
    for key in (key for key in keys if key not in told):
        values = list(dict.fromkeys(_short(environment.get(key)) for environment in known))
        if len(values) > 1:
            differing.append(f"{key} ({', '.join(values[:_NAMED])})")
    if differing or len(known) < len(used):
        what = f", which differ in {'; '.join(differing)}" if differing else ""
        yield f"trials ran in {len(used)} environments{what}"


def _processors(
    records: Sequence[Record], environments: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """What it means that arithmetic was done by processors that round differently."""
    used = dict.fromkeys(x.environment for x in records if x.device in {"", "cpu"})
    known = [environments[key] for key in used if key in environments]
    for keys in (_PROCESSOR[:2], _PROCESSOR[2:]):
        # Older records have a name alone, which many processors share.
        told = [tuple(str(x[key]) for key in keys if x.get(key)) for x in known]
        names = list(dict.fromkeys(", ".join(words) for words in told if len(words) == len(keys)))
        if len(names) > 1:
            yield (
                f"trials ran on different processors ({'; '.join(names[:_NAMED])}): the last bits "
                "of their arithmetic differ, so that the accuracy of a single replicate may move "
                "by a point or two, and the mean by less"
            )
            return


def _devices(entries: Sequence[TableEntry]) -> Iterator[str]:
    devices = dict.fromkeys(
        x.device for entry in entries for x in entry.series.ok.values() if x.device
    )
    if len(devices) > 1:
        yield f"trials ran on different devices: {', '.join(devices)}"


def _machines(
    records: Sequence[Record], environments: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Even two machines of one kind are not equally fast."""
    used = dict.fromkeys(x.environment for x in records)
    named = (environments.get(key, {}).get("machine") for key in used)
    machines = list(dict.fromkeys(str(name) for name in named if name))
    if len(machines) > 1:
        yield (
            f"times were taken on {len(machines)} machines ({', '.join(machines[:_NAMED])}): "
            "differences of times and speeds are partly theirs"
        )


def _beside(records: Sequence[Record]) -> Iterator[str]:
    """Times of trials that share a machine are longer than of one that has it alone."""
    beside = [record.beside for record in records if record.beside]
    slots = sorted({1 if x.exclusive else x.slots for x in beside})
    threads = sorted({x.threads for x in beside})
    if len(slots) > 1 or len(threads) > 1:
        yield (
            "times were not taken under equal conditions: "
            f"{_either(slots, 'trial')} at a time, {_either(threads, 'thread')} each"
        )
    elif slots and slots[0] > 1:
        yield f"times were taken with {slots[0]} trials at a time on the machine"
    if stacks := sorted({x.stack for x in beside} - {1}):
        some = "some " if any(x.stack == 1 for x in beside) else ""
        yield (
            f"{some}trials were trained in stacks of {' or '.join(map(str, stacks))}: the times of "
            "each are its share of what they took together"
        )


def _either(numbers: Sequence[int], thing: str) -> str:
    return f"{' or '.join(map(str, numbers))} {thing}{'' if numbers == [1] else 's'}"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
