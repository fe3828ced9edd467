"""Writing that survives being killed, and what to say when it can't be done."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from cnnbench.results.layout import TEMPORARY

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EFBIG: "a file there would grow beyond the allowed size",
    errno.EROFS: "it is on a read-only file system",
    errno.EACCES: "you have no permission to write there",
    errno.EPERM: "you have no permission to write there",
    errno.ENOTDIR: "a part of that path is a file, not a folder",
    errno.EEXIST: "a part of that path is a file, not a folder",
    errno.EISDIR: "a folder has the name of a file that belongs there",
    errno.ENOENT: "it does not exist, and can't be made there",
    errno.ENAMETOOLONG: "the path is too long",
    errno.EIO: "the disk reports an input/output error",
}


def explain(error: OSError) -> str:
    """Why something could not be written, as half a sentence."""
    text = os.strerror(error.errno).lower() if error.errno else str(error)
    return _REASONS.get(error.errno or 0, text)


def write_atomically(path: Path, content: bytes, *, temporary_in: Path | None = None) -> None:
    """Write a whole file, so that after a crash either the old or the new content is there.

    temporary_in: a folder on the same file system for the unfinished file, by default its own.
    Raises OSError, and leaves no unfinished file then.
    """
    unfinished = (temporary_in or path.parent) / f".{path.name}{TEMPORARY}"
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def prove_writable(folder: Path, size: int) -> None:
    """Write a file of `size` bytes to the disk and take it away again. Raises OSError."""
    probe = folder / f".probe-{os.getpid()}{TEMPORARY}"
    try:
        with probe.open("wb") as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


def append_line(path: Path, line: bytes) -> None:
    """Append a line in one write and wait until it is on the disk.

    A file that ends without a newline was torn by a crash; the torn line is closed first, so that
    it spoils no other. Raises OSError, and leaves the file as it was then.
    """
    new = not path.exists()
    with path.open("a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        content = line + b"\n"
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                content = b"\n" + content
        try:
            remaining = memoryview(content)
            while remaining:  # a second round only on a full disk: it raises what went wrong
                remaining = remaining[file.write(remaining) :]
            os.fsync(file.fileno())
        except OSError:  # not an interrupt, which must not throw away what has been written
            with suppress(OSError):
                file.truncate(size)
            raise
    if new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk; Windows does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
