"""Whether a network is as often right as it is sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnbench.report.chapters import Chapter
from cnnbench.report.pictures.canvas import WIDTHS, Picture, Width, axes_at, new_figure, short
from cnnbench.report.pictures.palette import BLUE, MUTED, ORANGE
from cnnbench.report.pictures.predicted import both_of
from cnnbench.results.told import Told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS = 10
_FEWEST = 10
"""Predictions that a point takes at least; fewer would scatter."""


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """By how sure predictions were: mean sureness, share that was right, share of all."""

    sure: NDArray[np.float64]
    right: NDArray[np.float64]
    share: NDArray[np.float64]
    edges: NDArray[np.float64]

    @property
    def gap(self) -> float:
        """Sureness beyond what was right, averaged over all predictions."""
        known = np.isfinite(self.right)
        return float(((self.sure - self.right)[known] * self.share[known]).sum())


def bins_of(told: list[Told]) -> Bins:
    """Ten bins of equal width."""
    sure = np.concatenate([x.sure for x in told])
    right = np.concatenate([x.right for x in told])
    edges = np.linspace(0, 1, _BINS + 1)
    place = np.clip(np.digitize(sure, edges) - 1, 0, _BINS - 1)
    counts = np.bincount(place, minlength=_BINS)
    enough = np.where(counts > 0, counts, np.nan)
    return Bins(
        np.bincount(place, sure, _BINS) / enough,
        np.bincount(place, right, _BINS) / enough,
        counts / len(sure),
        edges,
    )


def reliability(chapter: Chapter, variant: str | None = None) -> Picture:
    """Of the baseline and the chosen variant. Raises NothingToDrawError without predictions."""
    both = both_of(chapter, variant)
    series = (
        (both.baseline, bins_of([before for _, before in both.pairs]), ORANGE, "s", (0, (3, 1.2))),
        (both.variant, bins_of([after for after, _ in both.pairs]), BLUE, "o", "-"),
    )
    count = sum(len(after.rows) for after, _ in both.pairs)

    def draw(width: Width) -> Figure:
        across = min(WIDTHS[width], 4.2)
        figure = new_figure(across, 3.4)
        upper = axes_at(figure, 0.5, 1.12, across - 0.65, 2.05)
        lower = axes_at(figure, 0.5, 0.42, across - 0.65, 0.55)
        upper.plot([0, 100], [0, 100], color=MUTED, lw=0.8)
        for number, (name, bins, colour, marker, dashes) in enumerate(series):
            known = bins.share * count >= _FEWEST
            upper.plot(
                100 * bins.sure[known],
                100 * bins.right[known],
                color=colour,
                marker=marker,
                ms=4,
                ls=dashes,
                lw=1.4,
                label=short(name),
            )
            middles = 100 * (bins.edges[:-1] + bins.edges[1:]) / 2 + (2.2 if number else -2.2)
            lower.bar(middles, 100 * bins.share, width=4.2, color=colour, alpha=0.75, lw=0)
        upper.legend(frameon=False, fontsize=7, loc="upper left", borderaxespad=0.2)
        upper.set_ylabel("right, %")
        upper.set_xticklabels([])
        lower.set_ylabel("share, %")
        lower.set_xlabel("sureness of the prediction, %")
        for axes in (upper, lower):
            axes.set_xlim(0, 100)
            axes.grid(visible=True, axis="y")
            axes.set_axisbelow(True)
            axes.tick_params(length=2)
        upper.set_ylim(0, 102)
        return figure

    things = chapter.table.things
    said = "; ".join(f"{short(name, 60)} is {_gap(bins.gap)}" for name, bins, _, _, _ in series)
    alt = (
        f"Reliability diagram over {count:,} predictions of test {things}: {said}. "
        "On the diagonal, sureness and share of right answers are equal."
    )
    return Picture(
        "reliability", "As sure as right?", alt, draw, f"On average over all predictions, {said}."
    )


def _gap(gap: float) -> str:
    """On the whole, in words."""
    if abs(gap) < 0.005:  # noqa: PLR2004 - half a point
        return "as sure as it is right"
    return f"{100 * abs(gap):.1f} points too {'sure' if gap > 0 else 'unsure'}"
