"""Checking what a source delivers: that it is what `Facts` and `ImageData` promise.

Images of the wrong shape or range would train all the same and give wrong results. `who` names the
source in the errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, get_args

import numpy as np

from cnnbench.data.sources.source import Facts, ImageData, SplitName
from cnnbench.errors import DataError

SPLITS = get_args(SplitName)


def checked_facts(facts: object, who: str) -> Facts:
    """The same facts, if they can be any source's. Raises DataError."""
    if not isinstance(facts, Facts):
        raise _mistake(who, f"gave a value of type {type(facts).__name__} in place of Facts")
    shape = facts.shape
    if not (isinstance(shape, tuple) and len(shape) == 3 and all(map(_positive, shape))):  # noqa: PLR2004
        raise _mistake(who, f"has facts whose shape is {shape!r}, not (height, width, channels)")
    if facts.signals and shape[1] != 1:
        raise _mistake(who, f"has signals whose shape is {shape!r}, not (length, 1, channels)")
    if not _texts(facts.classes) or len(set(facts.classes)) < len(facts.classes):
        raise _mistake(who, f"has facts whose classes are {facts.classes!r}, not distinct texts")
    count = facts.count
    known = isinstance(count, Mapping) and (set(count) == {"all"} or set(count) <= set(SPLITS))
    if not known or not all(isinstance(n, Integral) and n >= 0 for n in count.values()):
        raise _mistake(
            who,
            f'has facts whose count is {count!r}, neither images under "all" nor images of each '
            'split, "train", "validation" and "test"',
        )
    return facts


def checked_images(data: object, facts: Facts, who: str) -> ImageData:
    """The same images, labels as int32 and rows as int64, if they agree with the facts.

    Raises DataError.
    """
    if not isinstance(data, ImageData):
        raise _mistake(who, f"gave a value of type {type(data).__name__} in place of ImageData")
    images = data.images
    wanted_type = np.float32 if facts.signals else np.uint8
    if not isinstance(images, np.ndarray) or images.dtype != wanted_type:
        kind = (
            "signals as {}, not as float32"
            if facts.signals
            else ("images as {}, not as uint8 from 0 to 255")
        )
        raise _mistake(who, f"gave {kind.format(_form(images))}")
    if facts.signals and not np.isfinite(images).all():
        raise _mistake(who, "gave signals with values that are not finite")
    if images.shape[1:] != facts.shape:
        wanted = ", ".join(map(str, facts.shape))
        raise _mistake(who, f"gave images as {_form(images)}, while its facts say (n, {wanted})")
    if not _texts(data.classes) or tuple(data.classes) != tuple(facts.classes):
        raise _mistake(
            who, f"gave the classes {data.classes!r}, while its facts say {facts.classes!r}"
        )
    labels = _integers(data.labels, "labels", who)
    if len(labels) != len(images):
        raise _mistake(who, f"gave {len(images)} images, but {len(labels)} labels")
    classes = len(facts.classes)
    _check_range(labels, classes, f"labels of {classes} classes", who)
    if not isinstance(data.fixed, Mapping) or not set(data.fixed) <= set(SPLITS):
        raise _mistake(who, f"fixes splits other than {', '.join(SPLITS)}")
    fixed = {split: _integers(rows, f"rows of {split}", who) for split, rows in data.fixed.items()}
    for split, rows in fixed.items():
        _check_range(rows, len(images), f"rows of {split} among {len(images)} images", who)
    checked_sentences(data.notes, "notes", who)
    _check_each(data, who)
    rows_of = {split: rows.astype(np.int64) for split, rows in fixed.items()}
    groups = None if data.groups is None else data.groups.astype(np.int64)
    return replace(data, labels=labels.astype(np.int32), fixed=rows_of, groups=groups)


def checked_sentences(texts: object, what: str, who: str) -> tuple[str, ...]:
    """The same texts, if that is what they are. Raises DataError."""
    if isinstance(texts, str) or not isinstance(texts, Sequence) or not _texts(texts):
        raise _mistake(who, f"gave the {what} {texts!r}, not a tuple of sentences")
    return tuple(texts)


def _check_each(data: ImageData, who: str) -> None:
    """Groups and names, of which there may be one for each image."""
    count = len(data.images)
    if data.groups is not None and len(_integers(data.groups, "groups", who)) != count:
        raise _mistake(who, f"gave {count} images, but {len(data.groups)} groups")
    if data.names and not (_texts(data.names) and len(data.names) == count):
        raise _mistake(who, f"gave {count} images, but not as many names of them")


def _integers(array: object, what: str, who: str) -> np.ndarray[Any, Any]:
    if isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind in "iu":
        return array
    raise _mistake(who, f"gave {what} as {_form(array)}, not as integers of shape (n,)")


def _check_range(numbers: np.ndarray[Any, Any], stop: int, what: str, who: str) -> None:
    if numbers.size and (numbers.min() < 0 or numbers.max() >= stop):
        raise _mistake(who, f"gave {what} that run from {numbers.min()} to {numbers.max()}")


def _mistake(who: str, what: str) -> DataError:
    return DataError(f"{who} {what}; that is for its author to mend", "source")


def _form(thing: object) -> str:
    if isinstance(thing, np.ndarray):
        return f"{thing.dtype} of shape {thing.shape}"
    return f"a value of type {type(thing).__name__}"


def _positive(number: object) -> bool:
    return isinstance(number, Integral) and int(number) > 0


def _texts(texts: object) -> bool:
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        return False
    return all(isinstance(text, str) for text in texts)
