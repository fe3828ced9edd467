"""The files of an entry of the cache: a source's decoded images, and what is known of them.

An entry is a folder of images.npy, labels.npy, fixed-SPLIT.npy and meta.json; of a source that
tells them names.json, groups.npy and alike.npy; and of one that streams what it needs to go on from
there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from cnnbench.data.sources._checks import checks_of
from cnnbench.data.sources._rows import array_bytes
from cnnbench.data.sources.inventory import Inventory, PixelLevels
from cnnbench.data.sources.source import ImageData, SplitName
from cnnbench.disk import sync_file, sync_folder

FORMAT = 2
"""The version of an entry's files; another version is another entry."""
NAMES, GROUPS, ALIKE = "names.json", "groups.npy", "alike.npy"


class Meta(BaseModel):
    """meta.json. sizes: of the files beside it, in bytes. checks: of the arrays, see `checks_of`.

    seal: of all the rest of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    digest: str
    classes: tuple[str, ...]
    fixed: tuple[SplitName, ...]
    notes: tuple[str, ...]
    sizes: dict[str, int]
    checks: dict[str, tuple[int, ...]]
    inventory: Inventory
    seal: str = ""


def read_meta(entry: Path) -> Meta | None:
    """The entry's meta.json, None unless the entry is there and whole."""
    try:
        meta = Meta.model_validate_json((entry / "meta.json").read_bytes())
        whole = all((entry / name).stat().st_size == size for name, size in meta.sizes.items())
    except (OSError, ValueError):
        return None
    return meta if whole else None


def is_sound(entry: Path, meta: Meta) -> bool:
    """Whether nothing in it has changed since it was written; reads all arrays."""
    if meta.seal != _seal_of(meta):
        return False
    return all(checks_of(entry / name) == checks for name, checks in meta.checks.items())


def _seal_of(meta: Meta) -> str:
    """Of all but the seal itself."""
    rest = meta.model_dump_json(exclude={"seal"})
    return hashlib.sha256(rest.encode()).hexdigest()


def finish(partial: Path, data: ImageData) -> None:
    """Write what belongs to an entry beside its images."""
    beside = (partial / name for name in ("meta.json", NAMES, GROUPS, ALIKE))
    for stale in (*beside, *partial.glob("fixed-*.npy")):
        stale.unlink(missing_ok=True)
    if data.names:
        (partial / NAMES).write_text(json.dumps(data.names))
    for name, array in ((GROUPS, data.groups), (ALIKE, data.alike)):
        if array is not None:
            save(partial / name, np.ascontiguousarray(array, np.int64))
    save(partial / "labels.npy", np.ascontiguousarray(data.labels))
    for split, rows in data.fixed.items():
        save(partial / f"fixed-{split}.npy", np.ascontiguousarray(rows))
    digest = digest_without_pixels(data.images, data.labels, data.classes, data.fixed)
    levels = PixelLevels()
    is_signal = data.images.dtype != np.uint8
    for pixels in array_bytes(partial / "images.npy"):
        digest.update(pixels)
        if not is_signal:
            levels.see(pixels)
    inventory = (
        Inventory(passed_over=dict(data.passed_over))
        if is_signal
        else levels.inventory(data.deep, data.passed_over)
    )
    meta = Meta(
        digest=digest.hexdigest(),
        classes=tuple(data.classes),
        fixed=tuple(data.fixed),
        notes=(*data.notes, *inventory.notes()),
        sizes={path.name: path.stat().st_size for path in sorted(partial.iterdir())},
        checks={path.name: checks_of(path) for path in sorted(partial.glob("*.npy"))},
        inventory=inventory,
    )
    sealed = meta.model_copy(update={"seal": _seal_of(meta)})
    for path in partial.iterdir():
        with path.open("rb") as written:
            sync_file(written)
    with (partial / "meta.json").open("w") as file:
        file.write(sealed.model_dump_json())
        sync_file(file)
    sync_folder(partial)


def save(path: Path, array: NDArray[Any]) -> None:
    """As numpy.save, which does not tell why a disk takes no more."""
    with path.open("wb") as file:
        header = np.lib.format.header_data_from_array_1_0(array)
        np.lib.format.write_array_header_1_0(file, header)
        file.write(array.data)


def digest_without_pixels(
    images: NDArray[np.generic],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    fixed: Mapping[SplitName, NDArray[np.integer]],
) -> hashlib._Hash:
    """The digest of a source, `CachedImages.digest`, as far as it goes without the pixels."""
    rows = {split: each.tolist() for split, each in sorted(fixed.items())}
    kind = [str(images.dtype)] if images.dtype != np.uint8 else []
    head = json.dumps([images.shape, classes, rows, *kind])
    digest = hashlib.sha256(head.encode())
    digest.update(np.ascontiguousarray(labels, np.int32).data)
    return digest
