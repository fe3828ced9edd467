"""Hugging Face's library: opening a set, with or without the network, and reading its records."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

import datasets
import huggingface_hub.constants
from datasets.utils.logging import disable_progress_bar, set_verbosity_error

from cnnbench.data.sources._layout import SPLITS
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._shelf import UNLABELLED, Records, Shelf, in_order, left_out
from cnnbench.data.sources._table import COLUMNS, columns_of
from cnnbench.data.sources.groups import no_groups
from cnnbench.data.sources.hugging_face import HubSet
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.classes import sort_classes
from cnnbench.errors import DataError

LOGGER = logging.getLogger(__name__)


def open_hub(wanted: HubSet, *, download: bool) -> Shelf:
    """A set as a shelf. Raises DataError where it can't be opened."""
    changed = os.stat(wanted.name).st_mtime_ns if wanted.local else 0  # noqa: PTH116 - as elsewhere
    return _opened(wanted, changed, download)


@lru_cache(maxsize=2)
def _opened(wanted: HubSet, changed: int, download: bool) -> Shelf:  # noqa: ARG001 - keys of the cache
    set_verbosity_error()
    disable_progress_bar()
    splits, others = _splits(_loaded(wanted, download=download), wanted)
    first = next(iter(splits.values()))
    image = _image_column(first.features, wanted)
    label = _label_column(first.features, wanted)
    classes = getattr(first.features[label], "names", None)
    texts = {
        split: [x if classes else str(x) for x in part[label]] for split, part in splits.items()
    }
    bare = [str(split) for split, found in texts.items() if set(found) == {UNLABELLED}]
    texts = {split: found for split, found in texts.items() if str(split) not in bare}
    if "train" not in texts and None not in texts:
        raise DataError(f"{printable(wanted.name)} has no labels in its train split", "source")
    names = tuple(classes or sort_classes({x for found in texts.values() for x in found}))
    index: Mapping[Any, int] = (
        {number: number for number in range(UNLABELLED, len(names))}
        if classes
        else {name: number for number, name in enumerate(names)}
    )
    return Shelf(
        f"hf:{wanted.name}",
        str([(split, splits[split]._fingerprint) for split in texts]),  # noqa: SLF001 - there is no other
        names,
        {
            split: Records(
                [index[x] for x in found],
                _Reader(splits[split], image),
                partial(_column, splits[split]),
            )
            for split, found in texts.items()
        },
        tuple(first.features),
        left_out(others, bare),
    )


def _column(part: datasets.Dataset, name: str) -> Sequence[object]:
    """A column's values as they are stored; None for what has no class. Raises DataError."""
    kind = part.features.get(name)
    if isinstance(kind, datasets.ClassLabel):
        return [None if value == UNLABELLED else value for value in part[name]]
    if not isinstance(kind, datasets.Value):
        raise no_groups(name)
    return list(part[name])


class _Reader:
    """Calls give the bytes of a row's image as they are stored."""

    def __init__(self, part: datasets.Dataset, column: str) -> None:
        self._part = part.select_columns([column]).cast_column(column, datasets.Image(decode=False))
        self._column = column
        self._lock = Lock()

    def __call__(self, row: int) -> bytes:
        with self._lock:
            value = self._part[row][self._column]
        if value and value["bytes"]:
            return bytes(value["bytes"])
        if value and value["path"]:
            return Path(value["path"]).read_bytes()
        raise OSError(2, "there is no image in the record")


def _loaded(wanted: HubSet, *, download: bool) -> Mapping[str, datasets.Dataset]:
    shown = printable(wanted.name)
    with _network(allowed=download and not wanted.local):
        try:
            if wanted.local and _was_saved(Path(wanted.name)):
                made = datasets.load_from_disk(wanted.name)
            else:
                made = datasets.load_dataset(wanted.name, wanted.config, revision=wanted.revision)
        except Exception as error:  # whatever its many parts raise
            LOGGER.info("%s: %r", wanted, error)
            raise DataError(_why(wanted, shown, error, download=download), "source") from error
    return made if isinstance(made, Mapping) else {"all": made}


def _was_saved(folder: Path) -> bool:
    """Whether save_to_disk made it."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


@contextmanager
def _network(*, allowed: bool) -> Iterator[None]:
    """With the library told that it is offline, unless the network is allowed."""
    if allowed:
        yield
        return
    places: tuple[Any, ...] = (huggingface_hub.constants, datasets.config)
    before = [place.HF_HUB_OFFLINE for place in places]
    try:
        for place in places:
            place.HF_HUB_OFFLINE = True
        yield
    finally:
        for place, value in zip(places, before, strict=True):
            place.HF_HUB_OFFLINE = value


def _why(wanted: HubSet, shown: str, error: Exception, *, download: bool) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if "onfig name is missing" in text or "BuilderConfig" in text:
        listed = text.partition("[")[2].partition("]")[0].replace("'", "")
        choose = f"hf:{wanted.name}:{listed.partition(',')[0] or 'CONFIG'}"
        return f"{shown} has several configurations ({listed or text}): write {choose}"
    if wanted.local:
        return f"{shown} can't be read by the library datasets: {text}"
    if not download:
        return (
            f"{shown} is not on this machine, or not with this revision and configuration: "
            "--download fetches it from Hugging Face"
        )
    return f"{shown} can't be fetched from Hugging Face: {text}"


def _splits(
    made: Mapping[str, datasets.Dataset], wanted: HubSet
) -> tuple[dict[SplitName | None, datasets.Dataset], list[str]]:
    """Those that are called train, validation or test, and the names of others.

    A lone one is all there is.
    """
    if len(made) == 1:
        return {None: next(iter(made.values()))}, []
    others = []
    found: dict[SplitName | None, datasets.Dataset] = {}
    for name, part in made.items():
        if (split := SPLITS.get(name.lower())) and split not in found:
            found[split] = part
        else:
            others.append(printable(str(name)))
    if "train" not in found:
        raise DataError(
            f"{printable(wanted.name)} has the splits {some(list(made))}, but no train", "source"
        )
    return in_order(found), others


def _image_column(features: Mapping[str, Any], wanted: HubSet) -> str:
    found = [name for name, kind in features.items() if isinstance(kind, datasets.Image)]
    if not found:
        raise DataError(
            f"{printable(wanted.name)} has no column of images; it has {some(list(features))}",
            "source",
        )
    return found[0]


def _label_column(features: Mapping[str, Any], wanted: HubSet) -> str:
    """By its usual name, else the only one of classes."""
    names = list(features)
    usual = (columns_of(names) or {}).get("label")
    if usual is not None:
        return names[usual]
    found = [name for name, kind in features.items() if isinstance(kind, datasets.ClassLabel)]
    if len(found) == 1:
        return found[0]
    what = f"several columns of classes ({some(found)})" if found else "no column of classes"
    raise DataError(
        f"{printable(wanted.name)} has {what} among {some(names)}; expected is one called "
        f"{', '.join(_few(COLUMNS['label']))}",
        "source",
    )


def _few(names: Sequence[str]) -> Sequence[str]:
    return names[:3]
