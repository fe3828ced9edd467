"""What a file contains, in a few digits; a large one is read once, not once a trial."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from cnnbench.data.sources.cache import cache_folder
from cnnbench.errors import PretrainedError

CHUNK = 1 << 20
KNOWN = "digests.json"
"""In the cache folder: path, size and time of each file, and its digests."""


class Digests(NamedTuple):
    """Of a file's content. md5: what Keras states for its files; not for safety."""

    sha256: str
    md5: str


def digests(path: Path) -> Digests:
    """Of a file that is there, remembered until its size or time changes.

    Raises PretrainedError where it can't be read.
    """
    try:
        state = path.stat()
        key = f"{path.resolve()} {state.st_size} {state.st_mtime_ns}"
        known = _known()
        if key not in known:
            known[key] = list(_digests(path))
            _remember(known)
    except OSError as error:
        raise PretrainedError(f"{path} can't be read ({error.strerror})", "weights") from error
    return Digests(*known[key])


def _digests(path: Path) -> Digests:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
    return Digests(sha256.hexdigest(), md5.hexdigest())


def _known() -> dict[str, list[str]]:
    try:
        known = json.loads((cache_folder() / KNOWN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    right = isinstance(known, dict) and all(
        isinstance(x, list) and len(x) == len(Digests._fields) for x in known.values()
    )
    return known if right else {}


def _remember(known: dict[str, list[str]]) -> None:
    """Replace the file at once; where that fails, the file is read again the next time."""
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f"{KNOWN}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(known, file)
        Path(name).replace(folder / KNOWN)
    except OSError:
        return
