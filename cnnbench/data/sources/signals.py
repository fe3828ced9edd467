"""Signals: rows of measured values, of one or several channels, each with its class."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from cnnbench.data.sources._arrays import (
    array_of,
    header_of,
    open_arrays,
    refuse_bomb,
    texts_of,
)
from cnnbench.data.sources._layout import SPLITS
from cnnbench.data.sources._lines import text_of
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._tree import is_dir, is_file, scan, state_of
from cnnbench.data.sources._ucr import (
    SignalPart,
    as_float32,
    read_signal_table,
    read_ts,
    refuse_not_finite,
)
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request
from cnnbench.data.sources.summary import in_words
from cnnbench.data.splits.classes import LEAST_CLASSES, sort_classes
from cnnbench.data.splits.draw import fixed_rows
from cnnbench.data.splits.duplicates import notes_on_duplicates
from cnnbench.errors import DataError, did_you_mean

REVISION = 1
"""Raised when files are read to other values."""
TABLES = (".tsv", ".csv", ".txt")
ENDINGS = (".ts", *TABLES)
EXPECTED = "expected are signals and labels, or x_train, y_train, x_test and y_test"
PAIRS: Mapping[str, tuple[str, str]] = {
    "all": ("signals", "labels"),
    "train": ("x_train", "y_train"),
    "validation": ("x_val", "y_val"),
    "test": ("x_test", "y_test"),
}
"""The arrays of values and labels of each split in an .npz."""


class Signals(DataSource):
    """A .ts file of the UCR and UEA archives, a CSV table or an .npz; or a set's pair of files.

    PATH may be what the names of a set's files have in common: `OSULeaf` of OSULeaf_TRAIN.ts and
    OSULeaf_TEST.ts, whose splits are kept. A signal has the shape (length, 1, channels), and its
    values stay float32 as they are.
    """

    name: ClassVar[str] = "signals"
    argument: ClassVar[str] = "PATH"
    description: ClassVar[str] = "signals in .ts files of the UCR archive, in a CSV table or .npz"

    def facts(self, request: Request) -> Facts:
        """Read the files."""
        parts, classes = _read(request)
        counts = {split: Counter(part.labels) for split, part in parts.items()}
        _, length, channels = next(iter(parts.values())).values.shape
        return Facts(
            (length, 1, channels),
            classes,
            {split: len(part.labels) for split, part in parts.items()},
            {split: tuple(count[name] for name in classes) for split, count in counts.items()},
            signals=True,
        )

    def fingerprint(self, request: Request) -> str:
        """Names, sizes and times of the files."""
        states = [
            (Path(path).name, split, *_state(path)) for split, path in _files(request).items()
        ]
        return f"signals {REVISION} {states}"

    def load(self, request: Request) -> ImageData:
        """Put the parts together."""
        parts, classes = _read(request)
        values = np.concatenate([part.values for part in parts.values()])[:, :, None, :]
        texts = [text for part in parts.values() for text in part.labels]
        index = {name: position for position, name in enumerate(classes)}
        sizes = {split: len(part.labels) for split, part in parts.items()}
        own = [sizes.get(split, 0) for split in ("train", "validation")]
        own[0] += sizes.get("all", 0)
        notes = notes_on_duplicates(values, texts, *own)
        return ImageData(
            values,
            np.array([index[text] for text in texts], np.int32),
            classes,
            fixed_rows(sizes),
            tuple(in_words(note, signals=True) for note in notes),
        )


def _read(request: Request) -> tuple[dict[str, SignalPart], tuple[str, ...]]:
    """The signals by split, and the classes. Raises DataError."""
    if request.image_size is not None:
        raise DataError("signals have no image_size: leave it out", "image_size")
    if request.color != "auto":
        raise DataError("signals have no color: leave it out", "color")
    files = _files(request)
    states = tuple((split, path, *_state(path)) for split, path in files.items())
    parts = _parsed(states)
    shapes = {split: part.values.shape[1:] for split, part in parts.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{split} {' x '.join(map(str, x))}" for split, x in shapes.items())
        raise DataError(
            f"the splits of {printable(request.argument)} differ in length or channels: {listed}",
            "source",
        )
    classes = sort_classes({text for part in parts.values() for text in part.labels})
    if len(classes) < LEAST_CLASSES:
        raise DataError(
            f"{printable(request.argument)} has signals of one class only, {classes[0]!r}", "source"
        )
    return parts, classes


def _files(request: Request) -> dict[str, str]:
    """The files by split, "all" where one holds all. Raises DataError where there are none."""
    path = request.argument
    if is_file(path):
        return {"all": path}
    if is_dir(path):
        return _set_in(path)
    above, _, stem = path.rpartition("/")
    if not is_dir(above or "/"):
        raise DataError(f"there is no folder {printable(above)}", "source")
    found = _sets(above)
    if stem in found:
        return found[stem]
    hint = did_you_mean(stem, found) or ("; there are " + some(sorted(found)) if found else "")
    raise DataError(
        f"there is no file {printable(path)}, nor {printable(stem)}_TRAIN.ts beside a "
        f"{printable(stem)}_TEST.ts{hint}",
        "source",
    )


def _set_in(folder: str) -> dict[str, str]:
    """The only set of files in a folder, or that called like it."""
    found, own = _sets(folder), Path(folder).name
    if len(found) == 1 or own in found:
        return found[own] if own in found else next(iter(found.values()))
    if not found:
        raise DataError(
            f"{printable(folder)} holds no signals; expected are files such as {own}_TRAIN.ts and "
            f"{own}_TEST.ts",
            "source",
        )
    raise DataError(
        f"{printable(folder)} holds several sets of signals ({some(sorted(found))}): name one, "
        f"such as {printable(folder)}/{min(found)}",
        "source",
    )


def _sets(folder: str) -> dict[str, dict[str, str]]:
    """What the files of each set are called before _TRAIN and _TEST, with its files by split."""
    found: dict[str, dict[str, str]] = {}
    for entry in scan(folder):
        name, dot, ending = entry.name.rpartition(".")
        stem, mark, word = name.rpartition("_")
        if f"{dot}{ending}".lower() in ENDINGS and mark and word.lower() in SPLITS:
            found.setdefault(stem, {}).setdefault(SPLITS[word.lower()], entry.path)
    order = ("train", "validation", "test")
    return {
        stem: {split: files[split] for split in order if split in files}
        for stem, files in found.items()
        if "train" in files
    }


def _state(path: str) -> tuple[int, int]:
    state = state_of(path)
    return state.st_size, state.st_mtime_ns


@lru_cache(maxsize=2)
def _parsed(states: Sequence[tuple[str, str, int, int]]) -> dict[str, SignalPart]:
    """Files are read twice in a row, for what they hold and for their values."""
    ((first, path, *_), *_) = states
    if first == "all" and path.lower().endswith(".npz"):
        return _of_arrays(Path(path))
    return {split: _of_text(path) for split, path, *_ in states}


def _of_text(path: str) -> SignalPart:
    shown = printable(path)
    if not path.lower().endswith(ENDINGS):
        known = ", ".join((*ENDINGS, ".npz"))
        raise DataError(f"{shown} is of no kind that is read: {known}", "source")
    text = text_of(Path(path))
    return read_ts(text, shown) if path.lower().endswith(".ts") else read_signal_table(text, shown)


def _of_arrays(path: Path) -> dict[str, SignalPart]:
    with open_arrays(path, EXPECTED) as archive:
        names = {Path(name).stem for name in archive.namelist()}
        wanted = {split: pair for split, pair in PAIRS.items() if set(pair) <= names}
        if "all" not in wanted and "train" not in wanted:
            found = some(sorted(names)) or "no arrays"
            raise DataError(f"{printable(str(path))} holds {found}; {EXPECTED}", "source")
        if "all" in wanted:
            wanted = {"all": wanted["all"]}
        return {split: _of_array(archive, *pair) for split, pair in wanted.items()}


def _of_array(archive: zipfile.ZipFile, name: str, labels: str) -> SignalPart:
    """Values of the shape (n, length), or (n, length, channels) as Keras's Conv1D takes them."""
    shape, dtype = header_of(archive, name)
    if len(shape) not in (2, 3) or 0 in shape or dtype.kind not in "iuf":
        raise DataError(
            f"array {name} of {archive.filename} is {dtype} of the shape {shape}; expected are "
            "numbers, (n, length) or (n, length, channels)",
            "source",
        )
    refuse_bomb(archive, name, shape, dtype)
    values = as_float32(array_of(archive, name))
    refuse_not_finite(values, f"array {name} of {archive.filename}")
    return SignalPart(values.reshape(*shape[:2], -1), texts_of(archive, labels, shape[0]))
