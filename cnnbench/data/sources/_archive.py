"""Zip and tar archives that are read in place.

Nothing of an archive is written under a name of its own: a zip and a plain tar are read where they
are, a compressed tar is decompressed into a nameless file in the cache folder.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
import tempfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from io import BufferedIOBase
from pathlib import Path
from threading import Lock
from typing import IO

from cnnbench.data.sources._names import printable
from cnnbench.errors import DataError

TARS = (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")
ZIPS = (".zip", ".whl")
EXTENSIONS = (*ZIPS, *TARS)
"""Of archives that are read in place; a wheel of Python's is a zip archive."""
LEADS_IN = re.compile(rf"(?:{'|'.join(map(re.escape, EXTENSIONS))})(?=/|$)", re.IGNORECASE)
MOST_MEMBERS = 2_000_000
MOST_MEMBER_BYTES = 2**29
"""Of one file: no image has more."""
FREE_BYTES = 2**30
MOST_RATIO = 200
"""How many times more bytes than it has an archive may unpack to, beyond FREE_BYTES."""
STEP = 2**20


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file or folder of an archive. place: where a tar has it. modified: the archive's own."""

    name: str
    path: str
    folder: bool
    st_size: int = 0
    st_mtime_ns: int = 0
    place: int = 0
    key: str = ""

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 - links are left out
        """As os.DirEntry has it."""
        return self.folder

    def is_symlink(self) -> bool:
        """Never: links in archives are passed over."""
        return False

    def stat(self) -> PackedFile:
        """Itself."""
        return self


class Archive(ABC):
    """What is in an archive, by folder."""

    def __init__(self, path: str, modified: int) -> None:
        self.path = path
        self._modified = modified
        self._folders: dict[str, dict[str, PackedFile]] = {"": {}}

    @abstractmethod
    def read(self, member: PackedFile) -> bytes:
        """The content of a file; safe in several threads. Raises OSError where it is damaged."""

    def entries(self, folder: str) -> Collection[PackedFile]:
        """What is in a folder, "" for the archive itself. Raises NotADirectoryError."""
        if folder not in self._folders:
            raise NotADirectoryError(20, "there is no such folder in the archive", folder)
        return self._folders[folder].values()

    def is_dir(self, name: str) -> bool:
        """Whether there is a folder of that name."""
        return name in self._folders

    def member(self, name: str) -> PackedFile | None:
        """The file of that name, None if there is none."""
        above, _, last = name.rpartition("/")
        found = self._folders.get(above, {}).get(last)
        return None if found is None or found.folder else found

    def _add(self, name: str, size: int, *, folder: bool, place: int = 0) -> None:
        """Put in a file or folder, and the folders above it. Raises DataError for tricks."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or ".." in parts or re.match("[A-Za-z]:", name):
            raise self._refused(
                f"holds {printable(name)!r}, a path that leads out of it: unpack it by a program "
                "that you trust, and look at what is in it"
            )
        if not folder and size > MOST_MEMBER_BYTES:
            raise self._refused(f"holds {printable(name)}, a file of {size:,} bytes, no image")
        above = ""
        for index, part in enumerate(parts):
            here = f"{above}/{part}" if above else part
            last = index == len(parts) - 1
            if folder or not last:
                if here not in self._folders:
                    self._folders[here] = {}
                    self._folders[above][part] = PackedFile(
                        part, f"{self.path}/{here}", folder=True
                    )
            elif here not in self._folders:
                self._folders[above][part] = PackedFile(
                    part, f"{self.path}/{here}", False, size, self._modified, place, name
                )
            above = here

    def _refused(self, what: str) -> DataError:
        return DataError(f"{printable(self.path)} {what}", "source")

    def _refuse_bomb(self, unpacked: int, packed: int, files: int) -> None:
        if files > MOST_MEMBERS:
            raise self._refused(f"holds more than {MOST_MEMBERS:,} files")
        if unpacked > max(FREE_BYTES, MOST_RATIO * packed):
            raise self._refused(
                f"would unpack to more than {MOST_RATIO} times its {packed:,} bytes, as images "
                "don't: it is a decompression bomb"
            )


class Zip(Archive):
    """A zip archive."""

    def __init__(self, path: str, modified: int) -> None:
        super().__init__(path, modified)
        self._zip = zipfile.ZipFile(path)
        infos = self._zip.infolist()
        packed = Path(path).stat().st_size
        self._refuse_bomb(sum(info.file_size for info in infos), packed, len(infos))
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            if info.flag_bits & 1:
                raise self._refused("is encrypted: unpack it first")
            if not stat.S_ISLNK(info.external_attr >> 16):
                name = _zip_name(info)
                self._infos[name] = info
                self._add(name, info.file_size, folder=name.endswith("/"))

    def read(self, member: PackedFile) -> bytes:
        """Of a member, with its checksum verified."""
        try:
            return self._zip.read(self._infos[member.key])
        except Exception as error:  # damaged archives raise anything
            raise OSError(5, f"damaged in the archive ({error})") from error


class Tar(Archive):
    """A tar archive, compressed or not."""

    def __init__(self, path: str, modified: int) -> None:
        super().__init__(path, modified)
        self._lock = Lock()
        self._file: IO[bytes]
        if path.lower().endswith(".tar"):
            self._file = Path(path).open("rb")  # noqa: SIM115 - read from as long as it is known
        else:
            self._file = self._decompressed()
        self._file.seek(0, os.SEEK_END)
        end = self._file.tell()
        self._file.seek(0)
        with tarfile.open(fileobj=self._file, mode="r:") as tar:
            for count, info in enumerate(tar):
                self._refuse_bomb(0, 0, count)
                if info.isdir() or (info.isreg() and not info.issparse()):
                    self._add(info.name, info.size, folder=info.isdir(), place=info.offset_data)
                if info.isreg() and info.offset_data + info.size > end:
                    raise tarfile.ReadError("it ends in the middle of a file")
            self._file.seek(tar.offset)
            if len(self._file.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
                raise tarfile.ReadError("its end is missing")

    def read(self, member: PackedFile) -> bytes:
        """Of a member, from its place."""
        with self._lock:
            self._file.seek(member.place)
            return self._file.read(member.st_size)

    def _decompressed(self) -> IO[bytes]:
        """The plain tar in a file without a name, which is gone when nobody reads it any more."""
        from cnnbench.data.sources.cache import cache_folder

        packed, written = Path(self.path).stat().st_size, 0
        cache_folder().mkdir(parents=True, exist_ok=True)
        whole = tempfile.TemporaryFile(dir=cache_folder())  # noqa: SIM115 - as above
        with _uncompressed(self.path) as file:
            while part := file.read(STEP):
                written += len(part)
                self._refuse_bomb(written, packed, 0)
                whole.write(part)
        whole.flush()
        return whole


def _uncompressed(path: str) -> BufferedIOBase:
    import bz2
    import gzip
    import lzma

    kind = path.lower()
    if kind.endswith("gz"):
        return gzip.GzipFile(path)
    return bz2.BZ2File(path) if kind.endswith("bz2") else lzma.LZMAFile(path)


def split_path(path: str | Path) -> tuple[str, str] | None:
    """The archive that a path leads into and the name in it; None if into none."""
    text = os.fspath(path)
    for found in LEADS_IN.finditer(text):
        archive = text[: found.end()]
        if os.path.isfile(archive):  # noqa: PTH113 - False for what is no path
            return archive, text[found.end() :].strip("/")
    return None


def open_archive(path: str) -> Archive:
    """The archive; one that is asked for again stays open. Raises DataError where it is damaged."""
    state = Path(path).stat()
    return _opened(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=2)
def _opened(path: str, size: int, modified: int) -> Archive:
    if not size:
        raise DataError(f"{printable(path)} is empty, not an archive", "source")
    try:
        return Zip(path, modified) if path.lower().endswith(ZIPS) else Tar(path, modified)
    except DataError:
        raise
    except Exception as error:  # archives from elsewhere raise anything
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(
            f"{printable(path)} can't be read as an archive: {reason}; if it was downloaded, it "
            "may be incomplete",
            "source",
        ) from error


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name with / between folders; without the flag for UTF-8 it may be that all the same."""
    name = info.filename
    if not info.flag_bits & 0x800 and not name.isascii():
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return name.replace("\\", "/")
