"""Photos to decode, and what decoding makes of them."""

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request

SIZE = (12, 16)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def photos(tmp_path):
    """Two classes of 20 photos each, larger than what is asked for."""
    for number in range(40):
        photo(tmp_path / "photos" / ("cat", "dog")[number % 2] / f"{number:02}.jpg", number)
    return tmp_path / "photos"


def photo(path, seed, size=(160, 120)):
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path, quality=90)


def opened(photos, **keys):
    return open_images(Folder(), Request(str(photos), SIZE), **keys)


def by_pillow(path):
    """As documented: JPEG at the coarsest scale that is twice the size wanted, then bilinear."""
    with Image.open(path) as image:
        image.draft(None, (2 * max(SIZE), 2 * max(SIZE)))
        return np.asarray(image.convert("RGB").resize(SIZE[::-1], Image.Resampling.BILINEAR))


def in_order(photos):
    return sorted(photos.rglob("*.jpg"))
