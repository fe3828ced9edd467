"""Whatever a folder or an archive holds, a reader answers with images or with a sentence."""

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.npz import Npz
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

pytestmark = pytest.mark.fuzz

NAMES = st.sampled_from(
    [
        *("train", "Training", "val", "test", "test1", "training_set", "images", "masks", "labels"),
        *("cat", "dog", "a b", "é", "@eaDir", "__MACOSX", ".hidden", "data", "x.zip", "x.png"),
    ]
)
STEMS = st.sampled_from(["1", "2", "cat.1", "cat.2", "dog.1", "dog.2", "IMG_1", ".x", "é", "a b"])
ENDINGS = st.sampled_from(
    [".png", ".PNG", ".tif", ".zip", ".txt", ".png_large", ".dcm", ".HEIC", ""]
)
KINDS = st.sampled_from(["photo", "deep", "garbage", "empty", "link", "folder link", "loop"])
ENTRIES = st.tuples(st.lists(NAMES, max_size=4), STEMS, ENDINGS, KINDS)


def encoded(dtype, level):
    stream = io.BytesIO()
    Image.fromarray(np.full((4, 4), level, dtype)).save(stream, "PNG")
    return stream.getvalue()


CONTENTS = {
    "photo": encoded(np.uint8, 200),
    "deep": encoded(np.uint16, 5000),
    "garbage": b"\x89PNG\r\n\x1a\nno image",
    "empty": b"",
}


def plant(root, entry):
    """Make one entry of a tree, unless a file or a link is in its way."""
    folders, stem, ending, kind = entry
    path = root.joinpath(*folders, stem + ending)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind in CONTENTS:
            path.write_bytes(CONTENTS[kind])
        else:
            path.symlink_to({"link": "nowhere", "folder link": "..", "loop": path.name}[kind])
    except OSError:
        return


def answers(source, request):
    """Check what a reader says of its images, early and late, unless a sentence says why not."""
    try:
        facts = source.facts(request)
        source.fingerprint(request)
        data = source.load(request)
    except DataError as refusal:
        refused = str(refusal)
    else:
        refused = ""
    assert "\n" not in refused
    if refused:
        return
    assert data.classes == facts.classes
    assert data.images.shape[1:] == facts.shape
    assert len(data.labels) == len(data.images) <= sum(facts.count.values())
    rows = np.concatenate([np.array([], int), *data.fixed.values()])
    assert len(set(rows.tolist())) == len(rows)
    assert all(note.endswith(".") for note in data.notes)


@given(st.lists(ENTRIES, max_size=12))
@settings(deadline=None)
def test_any_tree_of_files_gives_images_or_a_sentence(entries):
    with tempfile.TemporaryDirectory() as folder:
        for entry in entries:
            plant(Path(folder), entry)
        answers(Folder(), Request(folder, image_size=(4, 4)))


ARCHIVES = []
for arrays in (
    {"images": np.zeros((4, 3, 3), np.uint8), "labels": np.array([0, 1, 0, 1])},
    {"images": np.zeros((4, 3, 3, 3), np.float32), "labels": np.array(list("abab"))},
):
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, **arrays)
        ARCHIVES.append(stream.getvalue())


@given(
    st.sampled_from(ARCHIVES),
    st.lists(st.tuples(st.integers(0, 2000), st.binary(min_size=1, max_size=4)), max_size=6),
    st.integers(0, 2000),
)
@settings(deadline=None)
def test_any_damaged_archive_gives_images_or_a_sentence(archive, damages, lost):
    content = bytearray(archive)
    for place, written in damages:
        start = place % len(content)
        content[start : start + len(written)] = written
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        path.write_bytes(content[: len(content) - max(0, lost - 1000) % len(content)])
        answers(Npz(), Request(str(path)))
