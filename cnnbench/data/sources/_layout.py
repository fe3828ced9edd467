"""Which folders below a root hold the class folders, and of which split."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._tree import DirectoryEntry, scan
from cnnbench.data.sources.source import SplitName
from cnnbench.errors import DataError, did_you_mean, meant

SPLIT_FOLDERS: Mapping[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
SPLITS: Mapping[str, SplitName] = {**SPLIT_FOLDERS, "dev": "validation", "evaluation": "test"}
"""What a split is called in tables and in names of files."""
SPLIT_WORD = re.compile(
    r"(train|val|test|eval|dev|holdout)(ing|id|idation|uation)?"
    r"(set|data|imgs?|images?|pics?|photos?)?"
)
"""A word of a folder's name that speaks of a split: test of `test1`, training of `training_set`."""
SYSTEM = frozenset(
    {
        *("@eadir", "@recycle", "@tmp", "@recently-snapshot", "#recycle", "#snapshot"),
        *("__macosx", "lost+found", "$recycle.bin", "system volume information", "__pycache__"),
    }
)
"""Folders that operating systems and network storage make for thumbnails and deleted photos."""
PICTURES = frozenset(
    {*("image", "images", "img", "imgs", "jpegimages", "original", "originals", "inputs")}
)
ANNOTATIONS = frozenset(
    {
        *("annotation", "annotations", "label", "labels", "mask", "masks", "bboxes", "trimaps"),
        *("segmentation", "segmentations", "segmentationclass", "segmentationobject"),
        *("gt", "groundtruth", "ground_truth", "targets", "xmls", "imagesets"),
    }
)
"""Folders that stand beside PICTURES where images are labelled by region, not by class."""
Top = tuple[SplitName | None, Path]
"""A folder that holds class folders; no split where the root itself does."""


def split_folders(root: Path) -> list[Top]:
    """The folders that hold class folders: those of the splits, or the root alone.

    A folder `train` that holds images itself is a class, of trains. Raises DataError where two
    folders are the same split.
    """
    tops = [
        (SPLIT_FOLDERS[folder.name.lower()], Path(folder.path))
        for folder in folders(root)
        if folder.name.lower() in SPLIT_FOLDERS
    ]
    if not any(split == "train" and folders(top) for split, top in tops):
        return [(None, root)]
    for split in dict.fromkeys(split for split, _ in tops):
        same = [top.name for each, top in tops if each == split and folders(top)]
        if len(same) > 1:
            raise DataError(
                f"{printable(str(root))} holds {' and '.join(map(printable, same))}, each of which "
                f"would be the {split} split; keep one of them there, or merge them",
                "source",
            )
    return list(tops)


def split_named(name: str, where: str) -> SplitName:
    """The split of a name that must be one. where: what names it. Raises DataError."""
    split = SPLITS.get(name.lower())
    if split is None:
        raise DataError(
            f"{where} names the split {printable(name)!r}; expected are train, validation and "
            f"test{did_you_mean(name, SPLITS)}",
            "source",
        )
    return split


def is_folder(entry: DirectoryEntry, *, links: bool = True) -> bool:
    """Whether an entry is a folder; a link that leads in a circle is none."""
    try:
        return entry.is_dir(follow_symlinks=links)
    except OSError:
        return False


def is_system(name: str) -> bool:
    """Whether a folder is made by a system, not by the owner of the photos."""
    return name.lower() in SYSTEM


def folders(top: str | Path) -> list[DirectoryEntry]:
    """The folders in a folder by name, without hidden ones and those of systems."""
    return [
        entry
        for entry in scan(top)
        if not entry.name.startswith(".") and not is_system(entry.name) and is_folder(entry)
    ]


def split_meant(name: str) -> str:
    """The split that a folder's name speaks of, such as "train"; "" where of none."""
    words = re.split(r"[^a-z]+", name.lower())
    return next((found[1] for word in words if (found := SPLIT_WORD.fullmatch(word))), "")


def refuse_unnamed_splits(root: Path, classes: Sequence[DirectoryEntry]) -> None:
    """Raise DataError where class folders, none of which holds an image itself, look like splits.

    classes: folders that hold no images but those in folders inside them.
    """
    named = [folder for folder in classes if split_meant(folder.name)]
    if not named:
        return
    wrapped = [inner for inner in map(_only_inner, named) if inner and folders(inner.path)]
    up = "".join(f", and {move_up(Path(inner.path), root)}" for inner in wrapped[:1])
    others = f" (likewise in {len(wrapped) - 1} more)" if len(wrapped) > 1 else ""
    raise DataError(
        f"{printable(str(root))} holds folders that look like splits "
        f"({some([folder.name for folder in named])}), not classes; name them train, val and test, "
        f"of which train must be there{up}{others}",
        "source",
    )


def move_up(inner: Path, root: Path) -> str:
    """What to do about a folder that alone stands between a folder and its class folders."""
    names = [printable(path.relative_to(root).as_posix()) for path in (inner, inner.parent)]
    return f"move what is in {names[0]} up into {names[1]}: one folder too many"


def refuse_wrapped_splits(root: Path, tops: Sequence[Top], own: Collection[str]) -> None:
    """Raise DataError for a split whose only folder holds the class folders: train/train/cats.

    own: class folders, as paths below the root, that hold images themselves.
    """
    inner = {top: [folder.name for folder in folders(top)] for _, top in tops}
    for top, names in inner.items():
        elsewhere = {name for other, found in inner.items() if other != top for name in found}
        if len(names) != 1 or f"{top.name}/{names[0]}" in own:
            continue
        wrapper = top / names[0]
        meant = split_meant(names[0]) or names[0] not in elsewhere or len(elsewhere) == 1
        if meant and folders(wrapper):
            shown = some([folder.name for folder in folders(wrapper)])
            raise DataError(
                f"{printable(str(top))} holds one folder only, {printable(names[0])}, and that "
                f"holds {shown}: {move_up(wrapper, root)}",
                "source",
            )


def refuse_annotations(top: Path, own: Collection[str]) -> None:
    """Raise DataError where images stand beside their masks or boxes, not in class folders.

    own: names of class folders in `top` that hold images themselves.
    """
    names = [folder.name for folder in folders(top)]
    pictures = [name for name in names if name.lower() in PICTURES]
    regions = [name for name in names if name.lower() in ANNOTATIONS]
    if not pictures or not regions:
        return
    here = printable(str(top))
    inside = folders(top / pictures[0])
    hint = (
        meant([f"{here}/{pictures[0]}"])
        if len(inside) > 1 and pictures[0] not in own
        else f"; expected is a folder for each class, such as {here}/cat and {here}/dog"
    )
    raise DataError(
        f"{here} holds {some(pictures)} beside {some(regions)}: images with regions marked in "
        f"them, not sorted by class{hint}",
        "source",
    )


def refuse_masks(root: Path, own: Collection[str]) -> None:
    """Raise DataError where a class folder holds images beside masks that would pass for images.

    own: paths below the root of folders that hold images themselves.
    """
    inside: dict[str, list[str]] = {}
    for path in sorted(own):
        above, _, name = path.rpartition("/")
        inside.setdefault(above, []).append(name)
    for above, names in inside.items():
        pictures = [name for name in names if name.lower() in PICTURES]
        regions = [name for name in names if name.lower() in ANNOTATIONS]
        if above and pictures and regions:
            raise DataError(
                f"{printable(str(root))}/{above} holds {some(pictures)} beside {some(regions)}, "
                "which would be taken for images of the class, too; keep nothing but images in "
                f"class folders, here and in others like it: move {some(regions)} elsewhere",
                "source",
            )


def splits_inside_note(classes: Sequence[DirectoryEntry]) -> str:
    """That splits stand below their classes, where they are not kept; "" if there are none."""
    for folder in classes:
        inside = [inner.name for inner in folders(folder.path)]
        splits = [name for name in inside if name.lower() in SPLIT_FOLDERS]
        if len({SPLIT_FOLDERS[name.lower()] for name in splits}) > 1:
            name = printable(folder.name)
            below = some([f"{name}/{split}" for split in splits])
            return (
                f"The splits inside class folders ({below}) are not kept: splits are drawn from "
                "all images of a class. To keep them, put them above the classes, such as "
                f"{printable(splits[0])}/{name}."
            )
    return ""


def alike_note(classes: Sequence[DirectoryEntry]) -> str:
    """That class folders, none of which holds an image itself, may be splits; "" if they differ."""
    inside = {tuple(inner.name for inner in folders(folder.path)) for folder in classes}
    names, shared = [folder.name for folder in classes], inside.pop()
    if inside or min(len(names), len(shared)) < 2:  # noqa: PLR2004 - one alone is alike to nothing
        return ""
    return (
        f"The classes {some(names)} hold the same folders ({some(shared)}): if the former "
        "are splits rather than classes, name them train, val and test."
    )


def _only_inner(folder: DirectoryEntry) -> DirectoryEntry | None:
    inside = folders(folder.path)
    return inside[0] if len(inside) == 1 else None
