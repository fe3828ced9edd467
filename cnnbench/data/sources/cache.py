"""Images decoded once, kept on disk, mapped into the memory of every process that needs them.

An entry is a folder NAME-REQUEST-STATE. It is written beside its place and renamed, so that whoever
sees it sees all of it; a lock file makes concurrent processes decode once. When a source has
changed, its new entry replaces the old one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._entry_files import (
    ALIKE,
    FORMAT,
    GROUPS,
    NAMES,
    digest_without_pixels,
    finish,
    is_sound,
    read_meta,
    save,
)
from cnnbench.data.sources._rows import CHUNK_BYTES
from cnnbench.data.sources.alike import alike_notes, apart
from cnnbench.data.sources.groups import as_numbers, digest_of_groups, notes_on, told_by
from cnnbench.data.sources.inventory import Inventory
from cnnbench.data.sources.source import DataSource, ImageData, Request, SplitName
from cnnbench.data.sources.streamed import Place, StreamedSource, Watcher, nobody
from cnnbench.data.sources.summary import in_words
from cnnbench.disk import sync_folder
from cnnbench.errors import DataError

VARIABLE = "CNNBENCH_CACHE"
FULL = frozenset(getattr(errno, name, None) for name in ("ENOSPC", "EDQUOT", "EFBIG")) - {None}
"""What a system says that takes no more of a file."""
PATIENCE = 3.0
"""Seconds to wait for another process before saying so."""
LOGGER = logging.getLogger(__name__)
"""Speaks on standard error unless a program that embeds cnnbench wants it elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class CachedImages:
    """A decoded source.

    images: uint8, or float32 of signals, shape (n, height, width, channels), read-only, mapped from
    disk. labels: int32, shape (n,), indices into `classes`, -1 for images that were not chosen.
    fixed: rows of the splits that the source fixes. digest: SHA-256 of pixels, labels, classes and
    fixed splits. inventory: what else is known of the images. names, groups, alike: as in
    `ImageData`, but for groups that a recipe asks for, and without pairs that a group holds.
    """

    images: NDArray[np.uint8] | NDArray[np.float32]
    labels: NDArray[np.int32]
    classes: tuple[str, ...]
    fixed: Mapping[SplitName, NDArray[np.int64]]
    notes: tuple[str, ...]
    digest: str
    synthetic: bool
    inventory: Inventory = field(default_factory=Inventory)
    names: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    alike: NDArray[np.int64] | None = None

    @property
    def signals(self) -> bool:
        """Whether they are float32 signals, not images."""
        return self.images.dtype != np.uint8

    @property
    def things(self) -> str:
        """What they are in a sentence: images, or signals."""
        return "signals" if self.signals else "images"

    @property
    def identity(self) -> str:
        """SHA-256 of everything that can change a result: `digest`, unless there are groups."""
        if self.groups is None:
            return self.digest
        return hashlib.sha256(f"{self.digest} {digest_of_groups(self.groups)}".encode()).hexdigest()


def cache_folder() -> Path:
    """Where decoded images are kept: $CNNBENCH_CACHE, else the user's cache folder."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("cnnbench"))


def known_digest(source: DataSource, request: Request) -> str | None:
    """The digest of a source's current images, None if they are not in the cache.

    Decodes nothing. Raises DataError where the source itself can't be found.
    """
    meta = read_meta(_entry(source, request))
    return None if meta is None else meta.digest


def open_images(
    source: DataSource, request: Request, *, verify: bool = False, watch: Watcher = nobody
) -> CachedImages:
    """Map a source's images into memory, decoding them first if need be.

    verify: look for damage, which reads them all; a damaged copy is made anew. watch: is told how
    far a source that streams has come. Raises DataError where the source can't be read, the cache
    can't be written, or the groups that are asked for can't be told.
    """
    cached = _opened(source, replace(request, groups=""), watch, verify=verify)
    if request.groups:
        cached = _grouped(cached, source, request)
    if cached.alike is None:
        return cached
    pairs = apart(cached.alike, cached.groups)
    notes = (*cached.notes, *alike_notes(pairs, cached.names))
    return replace(cached, alike=pairs, notes=notes)


def _grouped(cached: CachedImages, source: DataSource, request: Request) -> CachedImages:
    told = (
        source.grouped(request, cached.names)
        if isinstance(source, StreamedSource)
        else told_by(request.groups, cached.names)
    )
    notes = [note for note in cached.notes if note not in told.settled]
    notes += (in_words(note, signals=cached.signals) for note in notes_on(told, cached.names))
    return replace(cached, groups=as_numbers(told), notes=tuple(notes))


def _opened(source: DataSource, request: Request, watch: Watcher, *, verify: bool) -> CachedImages:
    """The images without the groups that a recipe asks for."""
    entry = _entry(source, request)
    cached = _read(entry, source, verify=verify)
    if cached is not None:
        LOGGER.info(
            "source %s: %d %s found in %s", source.name, len(cached.images), cached.things, entry
        )
        return cached
    with _locked(entry, source):
        cached = _read(entry, source, verify=verify)
        if cached is not None:
            return cached
        try:
            LOGGER.info("source %s: reading %s", source.name, request)
            begun = time.monotonic()
            images = _decode(entry, source, request, watch)
            seconds = time.monotonic() - begun
            LOGGER.info("source %s: %d images in %.2f s", source.name, images, seconds)
        except MemoryError:
            raise DataError(
                f"the decoded images of source {source.name} do not fit into memory: ask for a "
                "smaller image_size, or for fewer images",
                "image_size",
            ) from None
    cached = _read(entry, source, verify=False)
    if cached is None:
        raise DataError(_unwritable("what was written can't be read back"))
    return cached


@contextmanager
def _locked(entry: Path, source: DataSource) -> Iterator[None]:
    """With the lock of the entry; says so where another process keeps this one waiting."""
    with _writing():
        from filelock import FileLock, Timeout

        entry.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(entry.parent / f"{_stem(entry)}.lock")
        try:
            lock.acquire(timeout=PATIENCE)
        except Timeout:
            LOGGER.warning(
                "note: another process is decoding the images of source %s; waiting for it (it "
                "holds %s)",
                source.name,
                lock.lock_file,
            )
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _entry(source: DataSource, request: Request) -> Path:
    decoded = {key: value for key, value in asdict(request).items() if key != "groups"}
    wanted = json.dumps([source.name, decoded, FORMAT])
    state = source.fingerprint(request)
    return cache_folder() / f"{source.name}-{_short(wanted)}-{_short(state)}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def _stem(entry: Path) -> str:
    return entry.name.rpartition("-")[0]


def _read(entry: Path, source: DataSource, *, verify: bool) -> CachedImages | None:
    meta = read_meta(entry)
    if meta is None or (isinstance(source, StreamedSource) and NAMES not in meta.sizes):
        return None  # images of before names were kept are taken over without decoding
    try:
        sound = not verify or is_sound(entry, meta)
        cached = CachedImages(
            images=np.load(entry / "images.npy", mmap_mode="r"),
            labels=np.load(entry / "labels.npy"),
            classes=meta.classes,
            fixed={split: np.load(entry / f"fixed-{split}.npy") for split in meta.fixed},
            notes=meta.notes,
            digest=meta.digest,
            synthetic=source.synthetic,
            inventory=meta.inventory,
            names=tuple(json.loads((entry / NAMES).read_bytes())) if NAMES in meta.sizes else (),
            groups=np.load(entry / GROUPS) if GROUPS in meta.sizes else None,
            alike=np.load(entry / ALIKE) if ALIKE in meta.sizes else None,
        )
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a copy, it is made again
        LOGGER.info("%s can't be used: %s", entry, error)
        return None
    if not sound:
        LOGGER.info("%s is damaged", entry)
    return cached if sound else None


def _decode(entry: Path, source: DataSource, request: Request, watch: Watcher) -> int:
    """Put an entry in place; the caller holds the lock, so nobody else writes here.

    What a source that streams has decoded stays for the next try, unless the disk is full. Returns
    the number of images.
    """
    partial = entry.with_name(f"{_stem(entry)}.partial")
    former = sorted(entry.parent.glob(f"{_stem(entry)}-*"))
    streams = isinstance(source, StreamedSource)
    if not streams or not _is_folder(partial):
        _remove(partial)
    try:
        count = _fill(partial, former, source, request, watch)
        with _writing():
            for each in former:
                _remove(each)
            partial.rename(entry)
            sync_folder(entry.parent)
    except BaseException as error:
        if not streams or getattr(error.__cause__, "errno", None) in FULL:
            shutil.rmtree(partial, ignore_errors=True)
        raise
    LOGGER.info("kept in %s", entry)
    return count


def _fill(
    partial: Path, former: Sequence[Path], source: DataSource, request: Request, watch: Watcher
) -> int:
    """Write all that belongs to an entry; nothing of it is mapped when this returns."""
    if isinstance(source, StreamedSource):
        with _writing():
            partial.mkdir(exist_ok=True)
            data = source.load_into(request, Place(partial, former, watch))
    else:
        data = source.load(request)
        with _writing():
            partial.mkdir()
            save(partial / "images.npy", np.ascontiguousarray(data.images))
    with _writing():
        finish(partial, data)
    return len(data.labels)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove(path: Path) -> None:
    """Take away what stands where an entry belongs, whatever it is."""
    if _is_folder(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def digest_of(data: ImageData | CachedImages) -> str:
    """SHA-256 of everything about a source that can change a result."""
    digest = digest_without_pixels(data.images, data.labels, data.classes, data.fixed)
    step = max(1, CHUNK_BYTES // max(1, data.images[:1].nbytes))
    for start in range(0, len(data.images), step):
        digest.update(np.ascontiguousarray(data.images[start : start + step]).data)
    return digest.hexdigest()


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(_unwritable(error.strerror or str(error))) from error


def _unwritable(reason: str) -> str:
    return (
        f"decoded images can't be kept in {cache_folder()}: {reason}; make room there or "
        f"make it writable, or set the environment variable {VARIABLE} to another folder"
    )
