"""Photos that a CSV file lists, with the class of each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from cnnbench.data.sources._found import ImageFile, Listing, size_and_time
from cnnbench.data.sources._layout import folders
from cnnbench.data.sources._names import printable
from cnnbench.data.sources._table import ListedImages, TableRow, read_table
from cnnbench.data.sources._tree import is_file
from cnnbench.data.sources.folder import Folder, labelled_fingerprint
from cnnbench.data.sources.groups import ToldGroups
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

LIKELY = (".jpg", ".jpeg", ".png", ".JPG", ".tif", ".bmp", ".webp")
"""Extensions that are tried for images listed without one."""
TRIED = 20
"""Rows by which the folder of the images is found."""


class TableSource(Folder):
    """A CSV file with a line an image: its path, its label and, if there is one, its split.

    Paths are relative to the file's folder, or to the one folder in it that has the images; none
    leads out of there. Any separator; the usual names of columns. Otherwise as `Folder`.
    """

    name: ClassVar[str] = "csv"
    description: ClassVar[str] = (
        "photos listed in a CSV file: path, label, and split if there is one"
    )

    def listing(self, request: Request) -> Listing:
        """The rows of the table, as files."""
        table, base, found = _read(request)
        notes = [*table.together]
        moved = base.relative_to(Path(request.argument).parent)
        if moved.parts:
            notes.append(f"Images are looked for in {printable(str(moved))}.")
        return Listing.of(found, notes, f"{printable(request.argument)} lists")

    def fingerprint(self, request: Request) -> str:
        """That of the files, and what the table says of them."""
        return labelled_fingerprint(super().fingerprint(request), self.listing(request))

    def by_column(self, request: Request, names: Sequence[str]) -> ToldGroups:
        """As a column of the table tells it."""
        table, _, found = _read(request, request.groups)
        group = {image.name: row.group for image, row in zip(found, table.rows, strict=True)}
        return ToldGroups([group.get(name) for name in names], settled=table.together)


def _read(request: Request, group: str = "") -> tuple[ListedImages, Path, list[ImageFile]]:
    """The table, the folder that its paths are relative to, and the file of each row."""
    from cnnbench.data.sources._decode import readable_extensions

    file, extensions = Path(request.argument), readable_extensions()
    table = read_table(file, extensions, group)
    base = _base(file, table.rows, extensions)
    return table, base, [_image(file, base, row, extensions) for row in table.rows]


def _base(file: Path, rows: Sequence[TableRow], extensions: frozenset[str]) -> Path:
    """The folder that paths are relative to: the table's own, or one in it.

    Raises DataError where none of the first images is in any of them.
    """
    home = file.parent
    tried = [home, *(Path(folder.path) for folder in folders(home))]
    for row in rows[:TRIED]:
        for base in tried:
            if any(map(is_file, _places(base, row.path, extensions))):
                return base
    if not rows:
        return home
    raise DataError(
        f"none of the first images that {printable(str(file))} lists is there, "
        f"{printable(rows[0].path)} for one: paths are relative to {printable(str(home))}, or to a "
        "folder in it",
        "source",
    )


def _image(file: Path, base: Path, row: TableRow, extensions: frozenset[str]) -> ImageFile:
    """Raises DataError for a path that leads out of the table's folder."""
    name = os.path.normpath(os.path.join(base, row.path))  # noqa: PTH118 - keeps nothing else
    inside = os.path.relpath(name, file.parent)
    if inside == os.pardir or inside.startswith(os.pardir + os.sep):
        raise DataError(
            f"line {row.line:,} of {printable(str(file))} leads out of its folder, to "
            f"{printable(row.path)}: put the file into a folder that holds all its images",
            "source",
        )
    places = list(_places(base, row.path, extensions))
    path = next(filter(is_file, places), places[0])
    shown = printable(os.path.relpath(path, base))
    return ImageFile(path, shown, row.label, row.split, *size_and_time(path))


def _places(base: Path, path: str, extensions: frozenset[str]) -> Iterable[str]:
    """Where the image of a row may be: an extension may be left out."""
    whole = os.path.normpath(os.path.join(base, path))  # noqa: PTH118
    yield whole
    if os.path.splitext(whole)[1].lower() not in extensions:  # noqa: PTH122
        yield from (whole + extension for extension in LIKELY)
