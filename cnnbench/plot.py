"""Pictures of recorded studies, for notebooks.

    import cnnbench.plot

    cnnbench.plot.forest("results/small_data")  # shows itself in a notebook
    cnnbench.plot.curves("results/small_data").save("curves.pdf")
    cnnbench.plot.table("results/small_data")  # answer, differences and table

Each takes one or several results folders that hold one comparison. A picture has `.figure()`, a
matplotlib figure, `.save(path)` and its text alternative `.alt`.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnbench.comparison.values import Comparison, Table
    from cnnbench.report.chapters import Chapter
    from cnnbench.report.page.notebook import Shown
    from cnnbench.report.pictures.canvas import Picture

__all__ = [
    "confusion",
    "cost",
    "curve",
    "curves",
    "forest",
    "images",
    "ranks",
    "reliability",
    "table",
]

PathText = str | PathLike[str]


def forest(*paths: PathText, baseline: str | None = None, metric: str = "accuracy") -> Picture:
    """The differences to the baseline, with their intervals and every pair."""
    from cnnbench.report.pictures import forest as room

    return room.forest(_chapter(paths, baseline, metric))


def curve(
    *paths: PathText,
    key: str = "data.train",
    baseline: str | None = None,
    metric: str = "accuracy",
) -> Picture:
    """Techniques against the amounts of a key that is a number, by default the training images."""
    from cnnbench.comparison.compare import compare_records
    from cnnbench.report.pictures.amounts import amounts

    wanted = [Path(path) for path in paths] or [Path("results")]
    comparison = compare_records(wanted, baseline=baseline, metric=metric, curve=key)
    _refuse_several([(comparison, table) for table in comparison.tables])
    (table,) = comparison.tables
    assert table.curve is not None
    return amounts(comparison, table, table.curve)


def curves(*paths: PathText) -> Picture:
    """Training and validation over the epochs."""
    from cnnbench.report.pictures import curves as room

    return room.curves(_chapter(paths))


def confusion(*paths: PathText, variant: str | None = None, baseline: str | None = None) -> Picture:
    """Which class is taken for which, by the baseline and by a variant, by default the best."""
    from cnnbench.report.pictures import confusion as room

    return room.confusion(_chapter(paths, baseline, variant=variant), variant)


def cost(*paths: PathText, metric: str = "accuracy") -> Picture:
    """Quality against training time and parameters."""
    from cnnbench.report.pictures import cost as room

    return room.cost(_chapter(paths, metric=metric))


def images(*paths: PathText, variant: str | None = None, baseline: str | None = None) -> Picture:
    """Images that a variant gets wrong, rescues and breaks, while the cache still holds them."""
    from cnnbench.report.pictures import images as room

    return room.images(_chapter(paths, baseline, variant=variant), variant)


def ranks(*paths: PathText, metric: str = "accuracy", backend: str | None = None) -> Picture:
    """Variants by their mean rank over data sets, those that are not told apart joined.

    backend: which one, where variants were ranked on several. Raises ComparisonError where there
    are no ranks, or several.
    """
    from cnnbench.comparison.compare import compare_records
    from cnnbench.errors import ComparisonError
    from cnnbench.report.pictures.ranks import ranks_picture

    wanted = [Path(path) for path in paths] or [Path("results")]
    comparison = compare_records(wanted, metric=metric)
    found = [x for x in comparison.ranks if backend in {None, x.backend}]
    if len(found) == 1:
        return ranks_picture(comparison, found[0])
    if not found:
        raise ComparisonError(
            "ranks take three variants on three data sets on one backend, and here are none"
            f"{''.join(f'; {note}' for note in comparison.notes)}"
        )
    backends = ", ".join(dict.fromkeys(x.backend for x in found))
    raise ComparisonError(f"a picture is of one ranking, and here are {len(found)}, on {backends}")


def reliability(
    *paths: PathText, variant: str | None = None, baseline: str | None = None
) -> Picture:
    """Whether the baseline and a variant are as often right as they are sure."""
    from cnnbench.report.pictures import reliability as room

    return room.reliability(_chapter(paths, baseline, variant=variant), variant)


def table(*paths: PathText, baseline: str | None = None, metric: str = "accuracy") -> Shown:
    """The answer in a sentence, the differences and the table, as a notebook shows them."""
    from cnnbench.report.page.notebook import Shown

    return Shown(_chapter(paths, baseline, metric))


def _chapter(
    paths: tuple[PathText, ...],
    baseline: str | None = None,
    metric: str = "accuracy",
    variant: str | None = None,
) -> Chapter:
    """The only comparison there. Raises ComparisonError where there are several."""
    from cnnbench.report.chapters import only_variant, read_book

    wanted = [Path(path) for path in paths] or [Path("results")]
    chapters = read_book(wanted, baseline=baseline, metric=metric).chapters
    _refuse_several([(x.comparison, x.table) for x in chapters])
    only_variant(chapters, variant)
    return chapters[0]


def _refuse_several(tables: Sequence[tuple[Comparison, Table]]) -> None:
    from cnnbench.comparison.values import name_of
    from cnnbench.errors import ComparisonError

    if len(tables) > 1:
        named = "; ".join(f"{' '.join(x.folders)} ({name_of(among, x)})" for among, x in tables)
        raise ComparisonError(
            f"a picture is of one comparison, and here are {len(tables)}; name one of {named}"
        )
