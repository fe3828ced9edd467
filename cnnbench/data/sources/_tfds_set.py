"""A folder that TensorFlow Datasets prepared, as records with labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

from cnnbench.data.sources._example import Place
from cnnbench.data.sources._layout import SPLITS
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._record_files import FORMATS, RecordFile
from cnnbench.data.sources._shelf import UNLABELLED, Records, Shelf, in_order, left_out
from cnnbench.data.sources._tfds_folder import INFO
from cnnbench.data.sources.source import SplitName
from cnnbench.errors import DataError

IMAGE, LABEL = "image", "label"
"""What nearly all image sets of the catalogue call their features."""


def open_prepared(folder: Path) -> Shelf:
    """The set in a folder, as it is now. Raises DataError."""
    return _opened(folder, (folder / INFO).stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _opened(folder: Path, changed: int) -> Shelf:
    shown = printable(str(folder))
    info = _read_json(folder / INFO)
    kind = str(info.get("fileFormat", "tfrecord"))
    if kind not in FORMATS:
        raise DataError(
            f"{shown} is prepared as {printable(kind)}; what is read is {' and '.join(FORMATS)}: "
            "prepare the set again with file_format=tfrecord",
            "source",
        )
    classes = _classes(folder, shown)
    splits: dict[SplitName | None, Records] = {}
    columns: tuple[str, ...] = ()
    others, bare = [], []
    stated = info.get("splits")
    if not isinstance(stated, list) or not stated:
        raise DataError(f"{folder / INFO} tells no splits", "source")
    for entry in stated:
        split = SPLITS.get(str(entry.get("name")).lower())
        if split is None or split in splits:
            others.append(printable(str(entry.get("name"))))
            continue
        part = _Part(_files(folder, info, entry, kind), FORMATS[kind], shown)
        if set(part.labels) == {UNLABELLED}:
            bare.append(str(split))
        else:
            splits[split] = Records(part.labels, part.read, partial(_column, part, folder))
            columns = columns or part.columns()
    if "train" not in splits:
        names = [str(entry.get("name")) for entry in stated]
        raise DataError(f"{shown} has the splits {some(names)}, but no train with labels", "source")
    if len(stated) == 1:
        splits = {None: splits["train"]}
    return Shelf(
        f"tfds:{folder}",
        f"{info.get('name')} {info.get('version')} {stated} {changed}",
        classes,
        in_order(splits),
        columns,
        left_out(others, bare),
    )


def _column(part: _Part, folder: Path, name: str) -> Iterator[object]:
    """A feature of each record of a split; None for what has no class. Raises DataError."""
    known = _features(folder).get(name)
    of_classes = isinstance(known, dict) and "classLabel" in known
    for value in part.column(name):
        yield None if of_classes and value == UNLABELLED else value


class _Part:
    """The records of a split's files, one after the other."""

    def __init__(self, paths: Sequence[Path], kind: type[RecordFile], shown: str) -> None:
        self.labels: list[int] = []
        self._files: list[RecordFile] = []
        self._images: list[tuple[RecordFile, int, Place]] = []
        for path in paths:
            if not path.is_file():
                raise DataError(f"{shown} lacks {path.name}: prepare the set again", "source")
            file = kind(path)
            self._files.append(file)
            for row, (image, label) in enumerate(file.examples(IMAGE, LABEL)):
                self.labels.append(label)
                self._images.append((file, row, image))

    def columns(self) -> tuple[str, ...]:
        """The names of the features that each record has."""
        return next((names for file in self._files if (names := file.columns())), ())

    def column(self, name: str) -> Iterator[object]:
        """A feature of each record. Raises DataError."""
        return chain.from_iterable(file.column(name) for file in self._files)

    def read(self, row: int) -> bytes:
        """The bytes of an image."""
        file, number, image = self._images[row]
        return bytes(file.content(number)[slice(*image)])


def _files(
    folder: Path, info: Mapping[str, Any], entry: Mapping[str, Any], kind: str
) -> list[Path]:
    """The files of a split, as the library names them."""
    template = entry.get("filepathTemplate") or "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
    lengths = entry.get("shardLengths") or []
    count = f"{len(lengths):05d}"
    names = []
    for number in range(len(lengths)):
        name = str(template)
        for word, value in (
            ("DATASET", info.get("name")),
            ("SPLIT", entry.get("name")),
            ("FILEFORMAT", kind),
            ("SHARD_X_OF_Y", f"{number:05d}-of-{count}"),
            ("SHARD_INDEX", f"{number:05d}"),
            ("NUM_SHARDS", count),
        ):
            name = name.replace(f"{{{word}}}", str(value))
        names.append(folder / Path(name).name)
    return names


def _classes(folder: Path, shown: str) -> tuple[str, ...]:
    """The names of the classes in order, or their numbers where they have none."""
    path = folder / f"{LABEL}.labels.txt"
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(line.strip() for line in lines if line.strip())
    known = _features(folder)
    if not {IMAGE, LABEL} <= set(known):
        raise DataError(
            f"{shown} has the features {some(sorted(known)) or 'none'}; expected are {IMAGE} and "
            f"{LABEL}",
            "source",
        )
    try:
        count = int(known[LABEL]["classLabel"]["numClasses"])
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{shown} has a {LABEL} that is no class", "source") from None
    return tuple(map(str, range(count)))


def _features(folder: Path) -> Mapping[str, Any]:
    """What each feature of a record is, as the library writes it; nothing where it did not."""
    path = folder / "features.json"
    if not path.is_file():
        return {}
    outer = _read_json(path).get("featuresDict")
    known = outer.get("features") if isinstance(outer, dict) else None
    return known if isinstance(known, dict) else {}


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{printable(str(path))} can't be read: {error}", "source") from error
    if not isinstance(found, dict):
        raise DataError(f"{printable(str(path))} is not what TensorFlow Datasets writes", "source")
    return found
