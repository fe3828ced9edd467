"""Writing that survives being killed, reading that never waits, and what to say of failures."""

from __future__ import annotations

import errno
import os
import stat
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from cnnbench.disk import sync_file, sync_folder
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
    errno.ELOOP: "a link stands where a file of its own belongs",
}
LARGEST = 10**9
"""Bytes of a file that is read whole."""
LARGEST_STUDY = 16 * 10**9
"""Bytes of a file of records: 100,000 take a fiftieth of it."""
LONGEST_LINE = 2**26
"""Bytes of a record: one of 1,000 classes takes less than a tenth of it."""
_OWN_FILE = getattr(os, "O_NOFOLLOW", 0)  # which Windows lacks


def explain(error: OSError) -> str:
    """Why something could not be written, as half a sentence."""
    return _REASONS.get(error.errno or 0, (error.strerror or str(error)).lower())


def read_regular(path: Path) -> bytes:
    """The content of a regular file, or of one that a link leads to, without a byte order mark.

    A pipe would be waited for, and a device may never end. Raises OSError, also for a file that
    would fill the memory.
    """
    _refuse_special(path)
    _refuse_larger(path, LARGEST)
    return path.read_bytes().removeprefix(BOM_UTF8)


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of such a file, with their ends, one at a time.

    A line longer than any record, such as the hole in a sparse file, is given as no record.
    Raises OSError, also for a file larger than any study's.
    """
    _refuse_special(path)
    _refuse_larger(path, LARGEST_STUDY)
    with path.open("rb") as file:
        start = file.read(len(BOM_UTF8))
        file.seek(0 if start != BOM_UTF8 else len(BOM_UTF8))
        while line := file.readline(LONGEST_LINE):
            if len(line) < LONGEST_LINE:
                yield line
                continue
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
            yield b"?\n"


def _refuse_larger(path: Path, most: int) -> None:
    if path.stat().st_size > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 10**9:,} gigabytes")


def _refuse_special(path: Path) -> None:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a folder says what it is
        raise OSError(errno.EINVAL, "it is not a regular file")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each on the disk before what stands in it. Raises OSError.

    A folder above that may be passed but not opened can't be waited for.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    with suppress(PermissionError):
        sync_folder(folder.parent)


def write_atomically(path: Path, content: bytes, *, temporary_in: Path | None = None) -> None:
    """Write a whole file, so that after a crash either the old or the new content is there.

    temporary_in: a folder on the same file system for the unfinished file, by default its own.
    Raises OSError, and leaves no unfinished file then.
    """
    unfinished = (temporary_in or path.parent) / f".{path.name}{TEMPORARY}"
    try:
        _write_new(unfinished, content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _write_new(path: Path, content: bytes) -> None:
    """Write a file to the disk in place of what has its name; no link of that name is followed."""
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(content)
        sync_file(file)


def prove_writable(folder: Path, size: int) -> None:
    """Write a file of `size` bytes to the disk and take it away again. Raises OSError."""
    probe = folder / f".probe-{os.getpid()}{TEMPORARY}"
    try:
        _write_new(probe, bytes(size))
    finally:
        probe.unlink(missing_ok=True)


def prove_appendable(path: Path) -> None:
    """Open a file as `append_line` does, if there is one, and leave it as it is. Raises OSError."""
    if os.path.lexists(path):
        if not path.is_symlink():
            _refuse_special(path)
        os.close(os.open(path, os.O_RDWR | os.O_APPEND | _OWN_FILE))


def append_line(path: Path, line: bytes) -> None:
    """Append a line in one write and wait until it is on the disk.

    A file that ends without a newline was torn by a crash; the torn line is closed first, so that
    it spoils no other. A link is not followed, as it may lead to any file of its owner's.
    Raises OSError, and leaves the file as it was then.
    """
    new = not path.exists()
    with open(path, "a+b", 0, opener=_own_file) as file:
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
            sync_file(file)
        except OSError:  # not an interrupt, which must not throw away what has been written
            with suppress(OSError):
                file.truncate(size)
            raise
    if new:
        sync_folder(path.parent)


def open_new(path: Path) -> TextIO:
    """A new text file; nothing that is there is written to. Raises OSError."""
    return open(path, "x", encoding="utf-8", errors="backslashreplace", opener=_own_file)


def _own_file(path: str, flags: int) -> int:
    return os.open(path, flags | _OWN_FILE, 0o666)
