"""Reports and pictures on disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cnnbench.errors import ComparisonError
from cnnbench.report.chapters import Chapter, NothingToDrawError, only_variant, read_book
from cnnbench.report.output import write_report
from cnnbench.report.page.document import MADE_BY
from cnnbench.report.pictures.amounts import amounts
from cnnbench.report.pictures.canvas import WIDTHS, Format, Picture
from cnnbench.report.pictures.confusion import confusion
from cnnbench.report.pictures.cost import cost
from cnnbench.report.pictures.curves import curves
from cnnbench.report.pictures.forest import forest
from cnnbench.report.pictures.images import images
from cnnbench.report.pictures.ranks import ranks_picture
from cnnbench.report.pictures.reliability import reliability
from cnnbench.results.files import explain

_HEAD = 2048
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def spare_page(path: Path) -> None:
    """Raise ComparisonError, before any work is done, where no page could be written later.

    A page replaces a page like it, and nothing else.
    """
    refuse_picture(path)
    if not path.parent.is_dir():
        raise ComparisonError(f"there is no folder {path.parent} for the report {path.name}")
    if path.is_dir() or (path.is_file() and path.stat().st_size and not _is_page(path)):
        raise ComparisonError(
            f"there is something else at {path} already; choose another file for the report"
        )


def refuse_picture(path: Path) -> None:
    """Raise ComparisonError where a page would be called what programs open as a picture."""
    if (suffix := path.suffix.lower()) in {".pdf", ".png", ".svg"}:
        raise ComparisonError(
            f"{path}: a report is a page, which a browser opens and prints to PDF; call it "
            f"{path.with_suffix('.html')}, or write its pictures: cnnbench report --pictures DIR "
            f"--format {suffix[1:]}"
        )


def write_page(text: str, path: Path, *, force: bool = False) -> None:
    """Write a page, whole or not at all; an older one is replaced.

    force: replace any other file, too. Raises ComparisonError if it can't be written, or if a file
    would be lost.
    """
    write_report(text, path, force=force or _is_page(path))


def _is_page(path: Path) -> bool:
    try:
        if not path.is_file():  # reading from a pipe would wait for ever
            return False
        with path.open("rb") as file:
            return MADE_BY.encode() in file.read(_HEAD)
    except OSError:
        return False


def write_pictures(
    paths: Sequence[Path],
    folder: Path,
    *,
    format_: Format = "svg",
    baseline: str | None = None,
    metric: str = "accuracy",
    split: str = "test",
    variant: str | None = None,
) -> tuple[list[Path], list[str]]:
    """Write each picture in both widths; return the files, and why others were not drawn.

    Raises as `cnnbench.comparison.compare.compare_records` does, and ComparisonError where nothing
    can be written.
    """
    book = read_book(paths, baseline=baseline, metric=metric, split=split)
    chapters = book.chapters
    only_variant(chapters, variant)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ComparisonError(
            f"pictures can't be written to {folder}: {explain(error)}; choose another folder"
        ) from error
    written, missing = list[Path](), list[str]()
    for number, chapter in enumerate(chapters, start=1):
        stem = f"{_stem(chapter, number)}-" if len(chapters) > 1 else ""
        for make in _makers(chapter, variant):
            try:
                picture = make()
            except NothingToDrawError as error:
                missing.append(str(error))
                continue
            written += _saved(picture, folder, f"{stem}{picture.name}", format_)
    for number, ranks in enumerate(book.comparison.ranks, start=1):
        picture = ranks_picture(book.comparison, ranks)
        stem = f"ranks-{number}" if len(book.comparison.ranks) > 1 else "ranks"
        written += _saved(picture, folder, stem, format_)
    return written, list(dict.fromkeys(missing))


def _saved(picture: Picture, folder: Path, stem: str, format_: Format) -> list[Path]:
    """The files of a picture, one of each width."""
    paths = {width: folder / f"{stem}-{width}.{format_}" for width in WIDTHS}
    for width, path in paths.items():
        picture.save(path, format_, width)
    return list(paths.values())


def _makers(chapter: Chapter, variant: str | None) -> Iterator[Callable[[], Picture]]:
    wanted = variant if any(x.row.variant == variant for x in chapter.others) else None
    yield lambda: forest(chapter)
    if chapter.amounts:
        comparison, table = chapter.amounts
        if curve := table.curve:
            yield lambda: amounts(comparison, table, curve)
    yield lambda: curves(chapter)
    yield lambda: confusion(chapter, wanted)
    yield lambda: images(chapter, wanted)
    yield lambda: cost(chapter)
    yield lambda: reliability(chapter, wanted)


def _stem(chapter: Chapter, number: int) -> str:
    """Unlike any other chapter's, and fit for every file system."""
    return f"{number}-{_NOT_IN_NAMES.sub('-', chapter.name).strip('-.')[:60]}"
