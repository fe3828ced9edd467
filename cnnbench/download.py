"""Files from the web: a file that is there is whole, and half of one is gone on with."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from cnnbench.disk import sync_file, sync_folder

PATIENCE = 30.0
"""Seconds without a byte from the server."""
CHUNK = 1 << 20
PARTIAL, UNSATISFIABLE = 206, 416
"""What a server answers that goes on where it was asked to, or has nothing there."""


class DownloadError(Exception):
    """Why a file did not come, part of a sentence."""


def download(url: str, target: Path, *, md5: str = "", sha256: str = "") -> None:
    """Get a file unless it is there.

    What has come so far lies beside it as ".part"; the next attempt goes on from there. Whoever
    downloads the same file meanwhile is waited for. md5, sha256: of the whole, "" where nobody
    states it. Raises DownloadError.
    """
    from filelock import FileLock

    part = target.with_name(f"{target.name}.part")
    held = Path(f"{part}.lock")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(held):
            try:
                if not target.exists():
                    _get(url, part)
                    _check(part, md5=md5, sha256=sha256)
                    part.replace(target)
                    sync_folder(target.parent)
            finally:
                # While it is held: who waits for it sees that it is gone, and makes another.
                # Windows lets nobody remove it so; there FileLock does.
                with suppress(OSError):
                    held.unlink()
    except (OSError, HTTPException) as error:
        raise DownloadError(_reason(error)) from error


def _reason(error: OSError | HTTPException) -> str:
    """What went wrong, without the name and number that Python puts around it."""
    cause = error.reason if isinstance(error, URLError) else None
    if isinstance(cause, OSError) and cause.strerror:
        return f"no connection: {cause.strerror}"
    return str(error) or type(error).__name__


def _get(url: str, part: Path) -> None:
    """Append what is missing; a server that can't go on begins anew."""
    so_far = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={so_far}-"} if so_far else {}
    try:
        answer = urlopen(Request(url, headers=headers), timeout=PATIENCE)  # noqa: S310 - a catalogue's
    except HTTPError as error:
        if error.code == UNSATISFIABLE and so_far:
            return
        raise
    with answer, part.open("ab" if answer.status == PARTIAL else "wb") as output:
        promised = answer.headers["Content-Length"]
        came = 0
        while chunk := answer.read(CHUNK):
            came += output.write(chunk)
        sync_file(output)
        if promised and came != int(promised):
            raise OSError(
                f"only {came:,} of {int(promised):,} bytes came; another try goes on there"
            )


def _check(part: Path, *, md5: str, sha256: str) -> None:
    for algorithm, stated in (("md5", md5), ("sha256", sha256)):
        if not stated:
            continue
        digest = hashlib.new(algorithm, usedforsecurity=False)
        with part.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != stated:
            part.unlink()
            raise DownloadError(
                f"what came is not the published file, its {algorithm} being "
                f"{digest.hexdigest()} instead of {stated}"
            )
