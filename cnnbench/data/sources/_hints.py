"""What to do with photos that are there, but not in a folder for each class."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cnnbench.data.sources._archive import EXTENSIONS, TARS
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._tree import scan

UNPACK = {
    ".zip": "unzip {archive} -d {folder}",
    ".7z": "7z x {archive} -o{folder}",
    ".rar": "unrar x {archive} {folder}/",
    **dict.fromkeys(TARS, "mkdir -p {folder} && tar -xf {archive} -C {folder}"),
}
"""How archives are unpacked into a folder of their own, by extension."""
NAMED = re.compile(r"(?P<word>[^\W\d_]+(?:[ _-][^\W\d_]+)*)(?P<mark>[^\w]|_|(?=\d))[^\w]*\d+.*")
"""A file called after its class and a number: cat.0.jpg, great_dane_12.jpg, dog7.png."""
CAMERAS = frozenset(
    {
        *("img", "image", "images", "dsc", "dscn", "dscf", "pxl", "photo", "pic", "picture"),
        *("frame", "scan", "screenshot", "wp", "vid", "p", "im", "imag"),
    }
)
"""Words that cameras and programs begin every name with."""


def unpack(path: str) -> str:
    """The command that unpacks an archive, "" for a file that is none."""
    lower = path.lower()
    for extension, command in UNPACK.items():
        if lower.endswith(extension):
            folder = path[: -len(extension)] or f"{path}.unpacked"
            return command.format(archive=shlex.quote(path), folder=shlex.quote(folder))
    return ""


def is_archive(name: str) -> bool:
    """By its name."""
    return name.lower().endswith(tuple(UNPACK))


def packed(root: Path, archives: Sequence[str]) -> str:
    """How archives are read; "" without any. archives: names in the root."""
    if not archives:
        return ""
    if len(archives) == 1 and archives[0].lower().endswith(EXTENSIONS) and "/" not in archives[0]:
        source = shlex.quote(f"folder:{root}/{archives[0]}")
        return f"it holds {some(archives)}: read it as it is by the source {printable(source)}"
    command = unpack(os.path.join(root, archives[0]))  # noqa: PTH118 - a text is wanted
    how = "unpack it first" if len(archives) == 1 else "unpack them first, the first of them by"
    return f"it holds {some(archives)}: {how}: {printable(command)}"


def listed_in(folder: Path) -> str:
    """That a table beside images may say what they show; "" without one."""
    names = [entry.name for entry in scan(folder) if entry.name.lower().endswith((".csv", ".tsv"))]
    if not names:
        return ""
    source = shlex.quote(f"csv:{folder}/{names[0]}")
    return printable(f"if {names[0]} says what they show, read them by the source {source}")


def named_after_class(folder: Path, names: Sequence[str]) -> str:
    """That the images of a folder seem to be named after their class; "" where they don't."""
    found = [match for name in names if (match := NAMED.fullmatch(name))]
    words = Counter(match["word"] for match in found)
    words = Counter({word: n for word, n in words.items() if n > 1 and word.lower() not in CAMERAS})
    if len(words) < 2 or words.total() < 0.9 * len(names):  # noqa: PLR2004 - else one class, or none
        return ""
    ((mark, _),) = Counter(match["mark"] for match in found).most_common(1)
    pattern = shlex.quote(f"files:{folder}/{{class}}{mark}{{number}}*")
    named = f"the images in {folder} seem to be named after their class ({some(sorted(words))})"
    return printable(f"{named}: read them as they are by the source {pattern}")
