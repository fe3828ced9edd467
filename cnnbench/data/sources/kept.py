"""Images that are still in the cache, found by the digest that records name."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.cache import cache_folder

LOGGER = logging.getLogger(__name__)

_CHANNELS = (1, 3)


def kept_images(digest: str) -> NDArray[np.uint8] | NDArray[np.float32] | None:
    """The decoded images with that digest, (n, height, width, channels), mapped from disk.

    Signals are float32, (n, length, 1, channels).

    None where the cache holds them no longer; nothing is decoded and no source is asked.
    """
    for meta in sorted(cache_folder().glob("*/meta.json")):
        if _digest(meta) != digest:
            continue
        try:
            images: NDArray[Any] = np.load(meta.parent / "images.npy", mmap_mode="r")
        except (OSError, ValueError):
            continue
        if images.ndim == 4 and _is_known(images):  # noqa: PLR2004
            LOGGER.info("images of the records found in %s", meta.parent)
            return images
    LOGGER.info("no images of digest %s in the cache", digest)
    return None


def _is_known(images: NDArray[Any]) -> bool:
    if images.dtype == np.float32:
        return bool(images.shape[2] == 1)
    return bool(images.dtype == np.uint8 and images.shape[3] in _CHANNELS)


def _digest(path: Path) -> object:
    try:
        meta = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return meta.get("digest") if isinstance(meta, dict) else None
