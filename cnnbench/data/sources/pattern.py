"""Photos whose class stands in the names of their files: `cat.1.jpg`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from cnnbench.data.sources._found import ImageFile, Listing, size_and_time
from cnnbench.data.sources._layout import is_system, split_named
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._tree import is_dir, walk
from cnnbench.data.sources._wildcards import PART, compiled, refuse_unknown
from cnnbench.data.sources.folder import Folder, labelled_fingerprint
from cnnbench.data.sources.source import Request
from cnnbench.data.splits.classes import composed
from cnnbench.errors import DataError

PARTS = {"{class}": "(?P<label>[^/]+?)", "{split}": "(?P<split>[^/]+?)"}
"""What the parts with names stand for, as regular expressions."""
EXAMPLE = "files:photos/{class}.{number}.jpg"


class Pattern(Folder):
    """Files that a pattern finds: {class} is the class, {split} the split, {number} digits.

    `*` stands for anything in a name, `**` for folders, too, `?` for a character. {class} is the
    shortest text that fits. Otherwise as `Folder`.
    """

    name: ClassVar[str] = "files"
    description: ClassVar[str] = "photos with the class in their names: photos/{class}.{number}.jpg"

    def listing(self, request: Request) -> Listing:
        """The files that the pattern finds."""
        from cnnbench.data.sources._decode import readable_extensions

        pattern = request.argument
        wanted, root = _compiled(pattern), _root(pattern)
        files, others = [], []
        for path, name in _images(root, pattern, readable_extensions()):
            if found := wanted.fullmatch(path):
                split = found.groupdict().get("split")
                where = f"the name of {printable(path)}"
                files.append(
                    ImageFile(
                        path,
                        printable(name),
                        _class(found["label"], path),
                        None if split is None else split_named(split, where),
                        *size_and_time(path),
                    )
                )
            else:
                others.append(name)
        shown, left = printable(pattern), some(sorted(others))
        if not files:
            there = f"; there are {left}" if others else ", nor is any other image there"
            raise DataError(f"no image has a name like {shown}{there}", "source")
        unlike = "1 image has another name" if len(others) == 1 else f"{len(others):,} have others"
        notes = [f"{unlike} than the pattern and stay out: {left}."] if others else []
        return Listing.of(files, notes, f"{shown} finds")

    def fingerprint(self, request: Request) -> str:
        """That of the files, and which class each is of."""
        return labelled_fingerprint(super().fingerprint(request), self.listing(request))


def _compiled(pattern: str) -> re.Pattern[str]:
    """Raises DataError for a pattern without a class, or with something unknown in it."""
    refuse_unknown(pattern, PARTS, "source")
    if pattern.count("{class}") != 1 or pattern.count("{split}") > 1:
        raise DataError(
            f"{printable(pattern)} must hold {{class}} once and {{split}} at most once, such as "
            f"{EXAMPLE}",
            "source",
        )
    return compiled(pattern, PARTS)


def _root(pattern: str) -> Path:
    """The folder above the first part that is no plain name. Raises DataError if it isn't there."""
    plain = PART.split(pattern)[0].rpartition("/")[0]
    root = Path(plain or "/")
    if not is_dir(root):
        raise DataError(f"there is no folder {printable(str(root))}", "source")
    return root


def _images(root: Path, pattern: str, extensions: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Path, and name below the root, of each image that is as deep as the pattern reaches."""
    deepest = None if "**" in pattern else pattern.count("/") - len(root.parts)
    for folder, inside, entries in walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        inside[:] = [x for x in inside if not x.name.startswith(".") and not is_system(x.name)]
        if deepest is not None and depth >= deepest:
            inside.clear()
        if deepest is not None and depth != deepest:
            continue
        for entry in entries:
            extension = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - a tenth of the time
            if not entry.name.startswith(".") and extension in extensions:
                yield entry.path, Path(entry.path).relative_to(root).as_posix()


def _class(name: str, path: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"the name of {printable(path)} is not UTF-8: rename it", "source"
        ) from None
    return composed(name)
