"""Image sets that TensorFlow Datasets prepared in a folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from cnnbench.data.sources._layout import SPLITS
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._shelf import Records, Shelf
from cnnbench.data.sources._tfrecord import Example, RecordFile
from cnnbench.data.sources.downloading import may_download
from cnnbench.data.sources.records import RecordSource
from cnnbench.data.sources.source import Request, SplitName
from cnnbench.errors import DataError, did_you_mean

NAMED = re.compile(r"(?P<name>\w+)(?:/(?P<config>[\w.-]+))?(?::(?P<version>\d+\.\d+\.\d+))?")
VARIABLE = "TFDS_DATA_DIR"
INFO = "dataset_info.json"
KNOWN = "train, validation and test"
IMAGE, LABEL = "image", "label"
"""What nearly all image sets of the catalogue call their features."""


class CatalogueSet(NamedTuple):
    """A set of the catalogue; version: the newest that is there, if None."""

    name: str
    config: str | None
    version: str | None

    @property
    def shown(self) -> str:
        """As it is written in a recipe."""
        config = f"/{self.config}" if self.config else ""
        return f"tfds:{self.name}{config}" + (f":{self.version}" if self.version else "")


class Tfds(RecordSource):
    """NAME[/CONFIG][:VERSION] of the catalogue, or a path to a prepared folder.

    What was prepared (in $TFDS_DATA_DIR, else ~/tensorflow_datasets) is read without TensorFlow;
    with --download the library prepares what is not there. The splits train, validation and test
    are kept, others left out. A path begins with /, ./ or ~.
    """

    name: ClassVar[str] = "tfds"
    argument: ClassVar[str] = "NAME"
    description: ClassVar[str] = "image sets of TensorFlow Datasets, prepared with --download"

    def shelf(self, request: Request) -> Shelf:
        """Index the records; the images are read when they are decoded."""
        folder = _folder(request.argument)
        state = (folder / INFO).stat()
        return _opened(folder, state.st_mtime_ns)


def _folder(argument: str) -> Path:
    """The folder with dataset_info.json. Raises DataError."""
    if argument.startswith(("/", "./", "../", "~")):
        path = Path(os.path.abspath(os.path.expanduser(argument)))  # noqa: PTH100, PTH111
        found = _newest(path)
        if found is None:
            raise DataError(
                f"{printable(str(path))} is no folder that TensorFlow Datasets prepared: there is "
                f"no {INFO} in it, nor in a folder of a version",
                "source",
            )
        return found
    match = NAMED.fullmatch(argument)
    if not match:
        raise DataError(
            f"{printable(argument)!r} is no name of a set; write tfds:NAME, with /CONFIG and "
            ":VERSION behind it where they are wanted, or a path that begins with / or ./",
            "source",
        )
    wanted = CatalogueSet(match["name"], match["config"], match["version"])
    home = data_folder()
    found = _prepared(home, wanted)
    if found is None and may_download():
        from cnnbench.data.sources._tfds import prepare

        prepare(wanted.shown, wanted.name, wanted.config, wanted.version, home)
        found = _prepared(home, wanted)
    if found is None:
        raise DataError(_absent(home, wanted), "source")
    return found


def data_folder() -> Path:
    """Where TensorFlow Datasets keeps what it prepared."""
    return Path(os.environ.get(VARIABLE) or "~/tensorflow_datasets").expanduser()


def _prepared(home: Path, wanted: CatalogueSet) -> Path | None:
    above = home / wanted.name
    if wanted.config:
        above /= wanted.config
    if wanted.version:
        exact = above / wanted.version
        return exact if (exact / INFO).is_file() else None
    found = _newest(above)
    if found or wanted.config or not above.is_dir():
        return found
    configs = [path for path in sorted(above.iterdir()) if path.is_dir() and _newest(path)]
    if len(configs) > 1:
        names = [path.name for path in configs]
        raise DataError(
            f"{wanted.shown} is prepared in several configurations ({some(names)}): write "
            f"{wanted.shown}/{names[0]}",
            "source",
        )
    return _newest(configs[0]) if configs else None


def _newest(folder: Path) -> Path | None:
    """The folder itself, or that of its newest version."""
    if (folder / INFO).is_file():
        return folder
    if not folder.is_dir():
        return None
    versions = [
        (tuple(map(int, path.name.split("."))), path)
        for path in folder.iterdir()
        if re.fullmatch(r"\d+\.\d+\.\d+", path.name) and (path / INFO).is_file()
    ]
    return max(versions)[1] if versions else None


def _absent(home: Path, wanted: CatalogueSet) -> str:
    known = sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    hint = did_you_mean(wanted.name, known) if known and wanted.name not in known else ""
    return (
        f"{wanted.shown} is not prepared in {printable(str(home))}{hint}; --download lets "
        "TensorFlow Datasets fetch and prepare it"
    )


@lru_cache(maxsize=2)
def _opened(folder: Path, changed: int) -> Shelf:
    shown = printable(str(folder))
    info = _read_json(folder / INFO)
    if (kind := info.get("fileFormat", "tfrecord")) != "tfrecord":
        raise DataError(
            f"{shown} is prepared as {kind}; what is read is tfrecord, the library's default",
            "source",
        )
    classes = _classes(folder, shown)
    splits: dict[SplitName | None, Records] = {}
    others, bare = [], []
    stated = info.get("splits")
    if not isinstance(stated, list) or not stated:
        raise DataError(f"{folder / INFO} tells no splits", "source")
    for entry in stated:
        split = SPLITS.get(str(entry.get("name")).lower())
        if split is None or split in splits:
            others.append(printable(str(entry.get("name"))))
            continue
        part = _Part(_files(folder, info, entry), shown)
        if {example.label for _, example in part.examples} == {-1}:
            bare.append(str(split))
        else:
            splits[split] = Records([example.label for _, example in part.examples], part.read)
    if "train" not in splits:
        names = [str(entry.get("name")) for entry in stated]
        raise DataError(f"{shown} has the splits {some(names)}, but no train with labels", "source")
    if len(stated) == 1:
        splits = {None: splits["train"]}
    order: tuple[SplitName | None, ...] = (None, "train", "validation", "test")
    return Shelf(
        f"tfds:{folder}",
        f"{info.get('name')} {info.get('version')} {stated} {changed}",
        classes,
        {split: splits[split] for split in order if split in splits},
        (
            *(
                f"Split {name} is left out: it is none of train, validation and test."
                for name in others
            ),
            *(f"Split {name} has no labels and is left out." for name in bare),
        ),
    )


class _Part:
    """The records of a split's files, one after the other."""

    def __init__(self, files: list[Path], shown: str) -> None:
        self.examples: list[tuple[RecordFile, Example]] = []
        for path in files:
            if not path.is_file():
                raise DataError(f"{shown} lacks {path.name}: prepare the set again", "source")
            file = RecordFile(path)
            self.examples += [(file, example) for example in file.examples(IMAGE, LABEL)]

    def read(self, row: int) -> bytes:
        """The bytes of an image."""
        file, example = self.examples[row]
        return file.read(example.image)


def _files(folder: Path, info: Mapping[str, Any], entry: Mapping[str, Any]) -> list[Path]:
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
            ("FILEFORMAT", "tfrecord"),
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
    features = _read_json(folder / "features.json")
    known = features.get("featuresDict", {}).get("features", {})
    if not isinstance(known, dict) or not {IMAGE, LABEL} <= set(known):
        raise DataError(
            f"{shown} has the features {some(sorted(map(str, known)))}; expected are {IMAGE} and "
            f"{LABEL}",
            "source",
        )
    try:
        count = int(known[LABEL]["classLabel"]["numClasses"])
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{shown} has a {LABEL} that is no class", "source") from None
    return tuple(map(str, range(count)))


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{printable(str(path))} can't be read: {error}", "source") from error
    if not isinstance(found, dict):
        raise DataError(f"{printable(str(path))} is not what TensorFlow Datasets writes", "source")
    return found
