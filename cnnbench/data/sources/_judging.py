"""What is to be said of a folder of images: whether its folders can be classes and splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnnbench.data.sources._found import Aside, ImageFile, counted, of_no_format, of_other_formats
from cnnbench.data.sources._hints import is_archive, listed_in, named_after_class, packed, unpack
from cnnbench.data.sources._layout import (
    Top,
    alike_note,
    folders,
    refuse_annotations,
    refuse_masks,
    refuse_unnamed_splits,
    refuse_wrapped_splits,
    split_meant,
    splits_inside_note,
)
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._tree import DirectoryEntry, is_dir, scan
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.classes import LEAST_CLASSES
from cnnbench.errors import DataError, meant

TO_KNOWN = "convert them to JPEG or PNG, or, if they are that already, rename them to .jpg or .png"


def layout_notes(
    root: Path,
    tops: Sequence[Top],
    inside: Sequence[tuple[SplitName | None, DirectoryEntry]],
    files: Sequence[ImageFile],
) -> list[str]:
    """On splits that are named otherwise, empty, or beside other folders. Raises DataError."""
    own = {file.name.rpartition("/")[0] for file in files}
    for _, top in tops:
        depth = 0 if top == root else len(top.name) + 1
        refuse_annotations(top, {name[depth:] for name in own})
    refuse_masks(root, own)
    if tops[0][0] is None:
        return _class_notes(root, [folder for _, folder in inside], files)
    refuse_wrapped_splits(root, tops, own)
    held = {file.split for file in files}
    notes = [
        f"{top.name} holds no images in class folders: a {split} split is drawn instead."
        for split, top in tops
        if split not in held and split != "train"
    ]
    used = {top.name for _, top in tops}
    other = [folder.name for folder in folders(root) if folder.name not in used]
    return [f"Folders beside the splits are left out: {some(other)}.", *notes] if other else notes


def _class_notes(
    root: Path, classes: Sequence[DirectoryEntry], files: Sequence[ImageFile]
) -> list[str]:
    """On class folders whose names or contents are those of splits. Raises DataError."""
    tops = {file.name.partition("/")[0] for file in files}
    own = {file.name.partition("/")[0] for file in files if file.name.count("/") == 1}
    holding = [folder for folder in classes if printable(folder.name) in tops]
    if holding and not own:
        refuse_unnamed_splits(root, holding)
        note = splits_inside_note(holding) or alike_note(holding)
        return [note] if note else []
    named = {folder.name: split_meant(folder.name) for folder in holding}
    splits = [name for name, split in named.items() if split]
    if len({*named.values()} - {""}) > 1:
        raise DataError(_splits_without_classes(root, splits, files), "source")
    if splits and len(holding) == LEAST_CLASSES:
        note = f"The class {printable(splits[0])} is named like a split: if it is one, its images "
        return [f"{note}belong into a folder for each class."]
    return []


def _splits_without_classes(root: Path, splits: Sequence[str], files: Sequence[ImageFile]) -> str:
    """That folders are splits by name, but hold images in no class folders, and what to do."""
    first = next((name for name in splits if split_meant(name) == "train"), splits[0])
    names = [file.name for file in files if file.name.startswith(f"{first}/")]
    how = named_after_class(root / first, [name.rpartition("/")[2] for name in names])
    here = printable(str(root / first))
    expected = f"expected in each is a folder for each class, such as {here}/cat and {here}/dog"
    return (
        f"{printable(str(root))} holds folders that look like splits ({some(splits)}), but without "
        f"class folders in them; {how or expected}"
    )


def _expected(root: str) -> str:
    return f"expected is a folder for each class, such as {root}/cat and {root}/dog"


def no_folder(root: Path) -> str:
    """What stands in place of a folder, and what to do."""
    shown = printable(str(root))
    if not root.exists():
        return f"does not exist; {_expected(shown)}"
    if is_archive(root.name):
        return f"is an archive, not a folder; unpack it first: {printable(unpack(str(root)))}"
    if root.suffix.lower() == ".npz":
        return f"is a file, not a folder{meant([f'npz:{shown}'])}"
    return f"is a file, not a folder; {_expected(shown)}"


def too_few(root: Path, classes: Sequence[str], empty: Sequence[str], aside: Aside) -> str:
    """What a folder holds in place of two classes, and what to do."""
    shown = printable(str(root))
    advice = [packed(root, aside.archives)]
    if aside.unread:
        advice.insert(0, of_other_formats(aside.unread))
    if aside.unknown:
        advice.append(f"{of_no_format(aside.unknown)}; {TO_KNOWN}")
    if not classes and not aside.loose:
        what = "holds no images" if not empty else f"has no images in {some(empty)}"
        if empty:
            held = f"nothing but {counted(aside.side)}" if aside.side else "nothing"
            advice.append(f"there is {held} in these folders; put the images of each class there")
    elif not classes:
        what = f"holds images ({some(sorted(aside.loose))}) but no class folders with images"
        advice += [named_after_class(root, aside.loose), listed_in(root)]
    else:
        what = f"has images of one class only, {classes[0]!r}"
        wrapper = root / classes[0]
        if is_dir(wrapper) and folders(wrapper):
            return f"{shown} {what}{meant([printable(str(wrapper))])}"
        if is_dir(wrapper):
            names = [entry.name for entry in scan(wrapper)]
            advice += [named_after_class(wrapper, names), listed_in(root)]
    return f"{shown} {what}; {next(filter(None, advice), _expected(shown))}"
