"""What others reported of a study's variants: shown as such, never mixed with results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnbench.results.record import ReportedAccuracy


def published_notes(figures: Mapping[str, ReportedAccuracy]) -> Iterator[str]:
    """What others reported, source by source, as what it is."""
    by_source: dict[str, list[str]] = {}
    for variant, figure in figures.items():
        told = f"{variant} {100 * figure.accuracy:.3g} %"
        by_source.setdefault(figure.source, []).append(told)
    for source, figures_told in by_source.items():
        yield f"published accuracy, not of these trials: {', '.join(figures_told)} ({source})"
