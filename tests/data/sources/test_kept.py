"""Images that are still in the cache are found by their digest."""

from __future__ import annotations

import numpy as np
import pytest

from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.digits import Digits
from cnnbench.data.sources.kept import kept_images
from cnnbench.data.sources.source import Request


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_found_by_digest(cache):
    opened = open_images(Digits(), Request())
    assert np.array_equal(kept_images(opened.digest), opened.images)


def test_none_where_the_cache_is_empty_or_damaged(cache):
    assert kept_images("0" * 64) is None
    opened = open_images(Digits(), Request())
    (images,) = cache.glob("*/images.npy")
    images.write_bytes(b"nonsense")
    assert kept_images(opened.digest) is None
    (meta,) = cache.glob("*/meta.json")
    meta.write_text("[]")
    assert kept_images(opened.digest) is None
