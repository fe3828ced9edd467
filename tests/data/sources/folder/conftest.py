"""A folder of photos, and what is asked of it."""

import zlib

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError


def save(path, color=None, size=(6, 4), **options):
    """An image of one colour, or of noise that differs between paths. size: (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if color is None:
        rng = np.random.default_rng(zlib.crc32(str(path).encode()))
        image = Image.fromarray(rng.integers(0, 256, (*size[::-1], 3)).astype(np.uint8))
    else:
        image = Image.new("RGB", size, color)
    image.save(path, **options)


@pytest.fixture
def photos(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png", "dog/3.png"):
        save(tmp_path / "photos" / name)
    return tmp_path / "photos"


def load(folder, **keys):
    return Folder().load(Request(str(folder), **keys))


def facts(folder, **keys):
    return Folder().facts(Request(str(folder), **keys))


def refused(folder, **keys):
    with pytest.raises(DataError) as error:
        load(folder, **keys)
    return error.value


def only(data, class_name):
    """The pixels of the one image of a class."""
    (row,) = np.flatnonzero(data.labels == data.classes.index(class_name))
    return data.images[row]
