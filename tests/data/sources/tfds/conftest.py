"""Sets as TensorFlow Datasets prepares them, written by other means."""

import io
import json
import struct

import pytest
from PIL import Image

from cnnbench.data.sources.source import Request
from cnnbench.data.sources.tfds import Tfds
from cnnbench.errors import DataError

PARTS = {"train": [[(0, 0), (10, 1), (20, 0)], [(30, 1)]], "test": [[(5, 1), (15, 0)]]}
"""Brightness and label of each image, by split and file."""


def png(value):
    file = io.BytesIO()
    Image.new("L", (4, 3), value).save(file, "PNG")
    return file.getvalue()


def varint(number):
    groups = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def feature(name, content):
    return field(1, field(1, name.encode()) + field(2, content))


def number_feature(name, number, *, packed=True):
    numbers = field(1, varint(number)) if packed else varint(1 << 3) + varint(number)
    return feature(name, field(3, numbers))


def text_feature(name, *texts):
    return feature(name, field(1, b"".join(field(1, text.encode()) for text in texts)))


def example(value, label, *more, packed=True):
    """A tf.train.Example by protocol buffers' own rules, with a feature that is not used."""
    features = (
        feature("name", field(1, field(1, b"x")))
        + number_feature("label", label, packed=packed)
        + feature("image", field(1, field(1, png(value))))
        + b"".join(more)
    )
    return field(1, features)


def records(contents):
    return b"".join(struct.pack("<QI", len(x), 0) + x + bytes(4) for x in contents)


def write(path, kind, contents, group=1):
    """A file of records. group: how many an ArrayRecord compresses as one; the library's is 1."""
    if kind == "tfrecord":
        path.write_bytes(records(contents))
        return
    module = pytest.importorskip("array_record.python.array_record_module")
    writer = module.ArrayRecordWriter(str(path), f"group_size:{group}")
    for each in contents:
        writer.write(each)
    writer.close()


def prepared(
    folder, parts=PARTS, classes=("cat", "dog"), *, packed=True, kind="tfrecord", group=1, **info
):
    """A prepared folder: dataset_info.json, label.labels.txt and files of records."""
    folder.mkdir(parents=True)
    splits = []
    for split, files in parts.items():
        lengths = [str(len(file)) for file in files]
        splits.append({"name": split, "shardLengths": lengths})
        for number, file in enumerate(files):
            name = f"pets-{split}.{kind}-{number:05d}-of-{len(files):05d}"
            contents = [example(*each, packed=packed) for each in file]
            write(folder / name, kind, contents, group)
    whole = {"name": "pets", "version": "1.0.0", "fileFormat": kind, "splits": splits} | info
    (folder / "dataset_info.json").write_text(json.dumps(whole))
    if classes:
        (folder / "label.labels.txt").write_text("\n".join(classes) + "\n")
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CNNBENCH_DOWNLOAD", raising=False)
    return tmp_path / "tfds"


def content(argument):
    data = Tfds().load(Request(str(argument), color="grey"))
    facts = Tfds().facts(Request(str(argument), color="grey"))
    assert (facts.shape, facts.classes) == ((3, 4, 1), data.classes)
    pairs = zip(data.images[:, 0, 0, 0].tolist(), data.labels.tolist(), strict=True)
    rows = {split: found.tolist() for split, found in data.fixed.items()}
    return [(value, data.classes[label]) for value, label in pairs], rows


def refused(argument):
    with pytest.raises(DataError) as error:
        Tfds().facts(Request(str(argument)))
    assert "\n" not in str(error.value)
    return str(error.value)


EXPECTED = (
    [(0, "cat"), (10, "dog"), (20, "cat"), (30, "dog"), (5, "dog"), (15, "cat")],
    {"train": [0, 1, 2, 3], "test": [4, 5]},
)
