"""What a chapter's trials were shown: a summary of the images, and what their reader found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnnbench.report.chapters import Chapter
from cnnbench.report.quantities import percent
from cnnbench.results.record import Record, Samples

_SPLITS = ("train", "validation", "test")
_MOST = 30
"""Classes that are listed one by one."""


@dataclass(frozen=True, slots=True)
class DataSummary:
    """facts: names and values. classes: names, each with its images, "" where unknown.

    splits: what the numbers of images are of. things: what they are, images or signals.
    """

    facts: tuple[tuple[str, str], ...]
    classes: tuple[tuple[str, str], ...]
    splits: str
    more_classes: int
    notes: tuple[str, ...]
    things: str


def summary_of(chapter: Chapter) -> DataSummary:
    """Of the records, each set of images once."""
    samples, table = [x.samples for x in chapter.records if x.samples], chapter.table
    facts: list[tuple[str, str]] = [
        ("source", ", ".join(dict.fromkeys(x.source for x in samples)) or "not recorded")
    ]
    for split in _SPLITS:
        numbers = sorted({getattr(x, split) for x in samples})
        if numbers:
            facts.append((f"{split} {table.things}", _range(numbers)))
    for split in _SPLITS:
        groups = sorted({x.groups[split] for x in samples if split in x.groups})
        if groups:
            facts.append((f"{split} groups", _range(groups)))
    if samples and any(x.synthetic for x in samples):
        facts.append(("synthetic", "drawn by a program, not photographed"))
    facts += [("digest", x) for x in dict.fromkeys(x.digest[:16] for x in samples)]
    if table.chance is not None:
        facts.append(("level of chance", percent(table.chance)))
    if table.majority is not None:
        facts.append(("always the most frequent class", percent(table.majority)))
    classes, splits = _classes(chapter.records, samples)
    notes = tuple(dict.fromkeys(note for x in samples for note in x.notes))
    return DataSummary(
        tuple(facts),
        tuple(classes[:_MOST]),
        splits,
        max(0, len(classes) - _MOST),
        notes,
        table.things,
    )


def _classes(
    records: Sequence[Record], samples: Sequence[Samples]
) -> tuple[list[tuple[str, str]], str]:
    """Of the first trial: splits may differ by an image or two between replicates."""
    if not samples:
        return [], ""
    names, by_class = samples[0].classes, samples[0].by_class
    splits = [split for split in _SPLITS if any(by_class.get(split, ()))]
    if splits:
        each = zip(*(by_class[split] for split in splits), strict=True)
        texts = [" + ".join(f"{count:,}" for count in counts) for counts in each]
        return list(zip(names, texts, strict=True)), " + ".join(splits)
    for record in records:
        rows: Any = record.metrics.get("test", {}).get("confusion")
        if isinstance(rows, list) and len(rows) == len(names):
            return [(name, _sum(row)) for name, row in zip(names, rows, strict=True)], "test"
    return [(name, "") for name in names], ""


def _sum(row: Any) -> str:
    try:
        return f"{sum(row):,}"
    except (TypeError, ValueError):
        return ""


def _range(numbers: Sequence[int]) -> str:
    low, high = numbers[0], numbers[-1]
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
