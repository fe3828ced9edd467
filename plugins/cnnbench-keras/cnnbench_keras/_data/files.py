"""Finding a data set's files where Keras keeps them, or downloading them to there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.request import urlopen

from cnnbench.plugin import DataError
from cnnbench_keras._data.catalog import RemoteFile

_PATIENCE = 30.0
"""Seconds without a byte from the server."""
_CHUNK = 1 << 20


def datasets_folder() -> Path:
    """$KERAS_HOME/datasets, ~/.keras/datasets without that variable."""
    home = os.environ.get("KERAS_HOME") or "~/.keras"
    return Path(home).expanduser() / "datasets"


def obtain(file: RemoteFile) -> Path:
    """The file, or a folder with what it holds; downloaded where there is neither.

    Raises DataError where it is missing and can't be downloaded.
    """
    folder = datasets_folder()
    target = folder / file.path
    for path in (target, *(folder / name for name in file.also)):
        if path.is_file():
            return path
    for path in (folder / name for name in file.unpacked):
        if all((path / name).is_file() for name in file.members):
            return path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(file, target)
    except (OSError, HTTPException) as error:
        raise DataError(
            f"there is no file {target}, and {file.url} can't be downloaded to there ({error}); "
            "download it elsewhere and put it in that place",
            "source",
        ) from error
    return target


def stamp(file: RemoteFile) -> str:
    """Size and time of the file that `obtain` finds, or of each file in that folder."""
    path = obtain(file)
    parts = [path / name for name in file.members] if path.is_dir() else [path]
    states = [part.stat() for part in parts]
    return " ".join(f"{state.st_size} {state.st_mtime_ns}" for state in states)


def _download(file: RemoteFile, target: Path) -> None:
    """Download beside the target and rename, so that a file that is there is whole."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="downloading-") as folder:
        part = Path(folder) / target.name
        with (
            urlopen(file.url, timeout=_PATIENCE) as answer,  # noqa: S310 - the catalogue's own URLs
            part.open("wb") as output,
        ):
            digest = _copy(answer, output)
            size, promised = output.tell(), answer.headers["Content-Length"]
        if promised and size != int(promised):
            raise OSError(f"only {size:,} of {int(promised):,} bytes came")
        if file.sha256 and digest != file.sha256:
            raise DataError(
                f"what {file.url} gives is not the published file (SHA-256 {digest} instead of "
                f"{file.sha256}); download it elsewhere and put it at {target}",
                "source",
            )
        part.replace(target)


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy everything; returns the SHA-256."""
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
