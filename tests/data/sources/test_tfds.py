"""Sets that TensorFlow Datasets prepared: read without TensorFlow, written by its own means."""

import io
import itertools
import json
import re
import shutil
import struct
import subprocess
import sys

import numpy as np
import psutil
import pytest
from PIL import Image

from cnnbench.data.sources.cache import open_images
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


def together(argument, column):
    """The brightness of images that a column puts into one group."""
    opened = open_images(Tfds(), Request(str(argument), color="grey", groups=column))
    values = opened.images[:, 0, 0, 0]
    return {tuple(sorted(values[opened.groups == each].tolist())) for each in set(opened.groups)}


def refused(argument):
    with pytest.raises(DataError) as error:
        Tfds().facts(Request(str(argument)))
    assert "\n" not in str(error.value)
    return str(error.value)


EXPECTED = (
    [(0, "cat"), (10, "dog"), (20, "cat"), (30, "dog"), (5, "dog"), (15, "cat")],
    {"train": [0, 1, 2, 3], "test": [4, 5]},
)


@pytest.mark.parametrize("kind", ["tfrecord", "array_record"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_prepared_set_is_read_in_order(home, packed, kind):
    prepared(home / "pets" / "1.0.0", packed=packed, kind=kind)
    for argument in ("pets", "pets:1.0.0", home / "pets", home / "pets" / "1.0.0"):
        assert content(argument) == EXPECTED


@pytest.mark.parametrize("group", [1, 7, 1000])
def test_many_records_are_read_however_they_are_packed(home, group):
    images = [(value % 256, value % 2) for value in range(300)]
    prepared(home / "pets" / "1.0.0", {"train": [images]}, kind="array_record", group=group)
    assert content("pets")[0] == [(value, ("cat", "dog")[label]) for value, label in images]


def test_a_set_of_more_files_than_a_process_may_open_is_read(home):
    resource = pytest.importorskip("resource")
    files = [[(value % 256, value % 2)] for value in range(120)]
    for kind in ("tfrecord", "array_record"):
        prepared(home / kind / "1.0.0", {"train": files}, kind=kind)
        content(kind)  # imports what it needs
    former = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = psutil.Process().num_fds()
    for kind in ("tfrecord", "array_record"):
        folder = prepared(home / f"{kind}s" / "1.0.0", {"train": files * 3}, kind=kind)
        resource.setrlimit(resource.RLIMIT_NOFILE, (opened + 200, former[1]))
        try:
            assert len(content(folder)[0]) == 360
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, former)


@pytest.mark.parametrize("kind", ["tfrecord", "array_record"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_feature_tells_which_images_belong_together(home, kind, packed):
    told = [("rex", 5, 0), ("tom", 5, -1), ("rex", -7, -1), ("", 5, 0)]
    images = [
        (
            *(row, row % 2),
            text_feature("animal", animal),
            number_feature("day", day, packed=packed),
            number_feature("breed", breed, packed=packed),
        )
        for row, (animal, day, breed) in enumerate(told)
    ]
    folder = prepared(home / "pets" / "1.0.0", {"train": [images[:3], images[3:]]}, kind=kind)
    known = {"image": {}, "label": {}, "breed": {"classLabel": {"numClasses": "2"}}}
    features = {"featuresDict": {"features": known}}
    (folder / "features.json").write_text(json.dumps(features))

    def groups(column):
        return open_images(Tfds(), Request("pets", groups=column)).groups.tolist()

    assert groups("animal") == groups("Animal") == [0, 1, 0, 2]
    assert groups("day") == [0, 0, 1, 0]
    assert groups("breed") == [0, 1, 2, 0]


def test_a_feature_that_is_not_there_or_tells_no_groups_is_named(home):
    several = text_feature("tags", "a", "b")
    weight = feature("weight", field(2, field(1, struct.pack("<f", 0.5))))
    images = [(row, row % 2, several, weight, text_feature("patient", "x")) for row in range(4)]
    prepared(home / "pets" / "1.0.0", {"train": [images]})
    for column, said in (
        ("patent", "has no column patent; did you mean 'patient'? columns: name, label, image, ta"),
        ("tags", "column tags tells no groups: it holds neither texts nor whole numbers"),
        ("weight", "column weight tells no groups: it holds neither texts nor whole numbers"),
    ):
        with pytest.raises(DataError, match=re.escape(said)) as error:
            Tfds().facts(Request("pets", groups=column))
        assert error.value.key == "groups"
    noted = "Column patient does not keep images together by itself"
    assert any(noted in note for note in Tfds().load(Request("pets")).notes)


def test_the_newest_version_counts_unless_one_is_named(home):
    for version, value in (("1.0.0", 1), ("1.10.0", 10), ("1.9.0", 9)):
        parts = {"train": [[(value, 0), (value + 1, 1)]]}
        prepared(home / "pets" / version, parts)
    assert content("pets") == ([(10, "cat"), (11, "dog")], {})
    assert content("pets:1.9.0")[0] == [(9, "cat"), (10, "dog")]
    assert "tfds:pets:2.0.0 is not prepared in" in refused("pets:2.0.0")


def test_a_configuration_is_named_where_there_are_several(home):
    prepared(home / "pets" / "small" / "1.0.0")
    assert content("pets") == content("pets/small") == EXPECTED
    prepared(home / "pets" / "large" / "1.0.0")
    assert "several configurations (large, small): write tfds:pets/large" in refused("pets")


def test_splits_of_other_names_or_without_labels_are_left_out_with_a_note(home):
    more = PARTS | {"extra": [[(1, 0)]], "test": [[(1, -1)]]}
    prepared(home / "pets" / "1.0.0", more)
    data = Tfds().load(Request("pets"))
    assert len(data.images) == 4
    assert data.notes[:2] == (
        "Split extra is left out: it is none of train, validation and test.",
        "Split test has no labels and is left out.",
    )


def test_classes_without_names_are_numbers(home):
    folder = prepared(home / "pets" / "1.0.0", classes=None)
    known = {"image": {}, "label": {"classLabel": {"numClasses": "2"}}}
    features = {"featuresDict": {"features": known}}
    (folder / "features.json").write_text(json.dumps(features))
    assert Tfds().facts(Request("pets")).classes == ("0", "1")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"fileFormat": "riegeli"},
            "is prepared as riegeli; what is read is tfrecord and array_record: prepare",
        ),
        ({"splits": []}, "tells no splits"),
        (
            {"splits": [{"name": "test", "shardLengths": ["2"]}]},
            "has the splits test, but no train",
        ),
        ({"splits": [{"name": "train", "shardLengths": ["2"] * 3}]}, "lacks pets-train.tfrecord-"),
    ],
)
def test_what_was_prepared_otherwise_is_refused(home, changes, said):
    prepared(home / "pets" / "1.0.0", **changes)
    assert said in refused("pets")


def test_damaged_records_are_told(home):
    folder = prepared(home / "pets" / "1.0.0", {"train": [[(1, 0), (2, 1)]]})
    file = folder / "pets-train.tfrecord-00000-of-00001"
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    assert "ends in the middle of a record: prepare the set again" in refused("pets")
    (folder / "dataset_info.json").touch()
    file.write_bytes(records([field(1, feature("image", field(1, field(1, b"x"))))]))
    (folder / "dataset_info.json").write_text((folder / "dataset_info.json").read_text() + " ")
    assert "holds a record without image and label" in refused("pets")
    file.write_bytes(records([b"\xff" * 20]))
    (folder / "dataset_info.json").write_text((folder / "dataset_info.json").read_text() + " ")
    assert "holds a record without image and label" in refused("pets")


def test_a_damaged_feature_is_told_where_it_is_asked_for(home):
    images = [(row, row % 2, feature("day", field(3, b"\x08"))) for row in range(2)]
    prepared(home / "pets" / "1.0.0", {"train": [images]})
    assert len(content("pets")[0]) == 2
    with pytest.raises(DataError, match="has a record whose day can't be read: prepare the set"):
        Tfds().facts(Request("pets", groups="day"))


def test_damaged_array_records_are_told(home):
    images = [(value, value % 2) for value in range(200)]
    file = "pets-train.array_record-00000-of-00001"
    for damage, said in (
        (lambda whole: whole[:-100], "is no whole ArrayRecord: prepare the set again"),
        (lambda whole: b"", "is no whole ArrayRecord: prepare the set again"),
        (
            lambda whole: whole[:500] + bytes(50) + whole[550:],
            "has a record that can't be unpacked",
        ),
    ):
        folder = prepared(home / said[:6] / "1.0.0", {"train": [images]}, kind="array_record")
        whole = (folder / file).read_bytes()
        (folder / file).write_bytes(damage(whole))
        assert said in refused(folder)
        shutil.rmtree(home)


def test_without_the_library_it_says_what_to_install_or_to_prepare(home, monkeypatch):
    prepared(home / "pets" / "1.0.0", kind="array_record")
    monkeypatch.setitem(sys.modules, "array_record.python.array_record_module", None)
    said = refused("pets")
    assert "is read by the library array_record, which is missing" in said
    assert "pip install array_record" in said
    assert "file_format=tfrecord, which is read without" in said


def test_what_is_not_there_is_said_at_once(home, tmp_path):
    prepared(home / "pets" / "1.0.0")
    assert "tfds:petz is not prepared in" in (said := refused("petz"))
    assert "did you mean 'pets'?" in said
    assert "--download lets TensorFlow Datasets fetch and prepare it" in said
    assert "is no name of a set; write tfds:NAME" in refused("a b")
    assert "is no folder that TensorFlow Datasets prepared" in refused(tmp_path)


def test_download_asks_the_library_and_says_what_to_install(home, monkeypatch):
    monkeypatch.setenv("CNNBENCH_DOWNLOAD", "1")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    assert "install it with: pip install 'cnnbench[tfds]'" in refused("pets")


@pytest.mark.parametrize("kind", ["tfrecord", "array_record"])
def test_reading_imports_no_tensorflow(home, kind):
    prepared(home / "pets" / "1.0.0", kind=kind)
    code = (
        "import sys\n"
        "from cnnbench.data.sources.source import Request\n"
        "from cnnbench.data.sources.tfds import Tfds\n"
        "assert len(Tfds().load(Request('pets')).images) == 6\n"
        "assert not {'tensorflow', 'tensorflow_datasets'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.framework
def test_what_tensorflow_writes_is_read(home):
    tf = pytest.importorskip("tensorflow")
    folder = prepared(home / "pets" / "1.0.0", {"train": [[(0, 0)]]})
    rng = np.random.default_rng(0)
    labels = [0, 1, 1, 0, 1]
    images = rng.integers(0, 256, (5, 3, 4, 1), dtype=np.uint8)
    with tf.io.TFRecordWriter(str(folder / "pets-train.tfrecord-00000-of-00001")) as writer:
        for image, label in zip(images, labels, strict=True):
            values = {
                "image": tf.train.Feature(
                    bytes_list=tf.train.BytesList(value=[tf.io.encode_png(image).numpy()])
                ),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
                "weight": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5])),
            }
            features = tf.train.Features(feature=values)
            writer.write(tf.train.Example(features=features).SerializeToString())
    data = Tfds().load(Request("pets", color="grey"))
    np.testing.assert_array_equal(data.images, images)
    assert data.labels.tolist() == labels


@pytest.mark.framework
def test_what_the_library_prepares_with_download_is_read(home, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets")
    monkeypatch.setenv("CNNBENCH_DOWNLOAD", "1")

    class Pets(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            label = tfds.features.ClassLabel(names=["cat", "dog"])
            features = {"image": tfds.features.Image(shape=(3, 4, 1)), "label": label}
            features |= {"animal": tfds.features.Text(), "day": np.int64, "breed": label}
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features)
            )

        def _split_generators(self, manager):
            return {split: self._generate_examples(files) for split, files in PARTS.items()}

        def _generate_examples(self, files):
            for value, label in itertools.chain(*files):
                yield (
                    value,
                    {
                        "image": np.full((3, 4, 1), value, np.uint8),
                        "label": label,
                        "animal": f"number {value // 20}",
                        "day": -(value // 20),
                        "breed": label - 1,  # the first class is none
                    },
                )

    images, splits = content("pets")
    assert sorted(images) == sorted(EXPECTED[0])  # the library shuffles
    assert splits == EXPECTED[1]
    assert (home / "pets" / "1.0.0").is_dir()
    for kind in ("tfrecord", "array_record"):
        builder = Pets(data_dir=home / kind, file_format=kind)
        builder.download_and_prepare()
        assert list((home / kind).rglob(f"*.{kind}-*"))
        found, splits = content(home / kind / "pets")
        assert sorted(found) == sorted(EXPECTED[0])
        assert splits == EXPECTED[1]
        for column in ("animal", "day"):
            assert together(home / kind / "pets", column) == {(0, 5, 10, 15), (20, 30)}
        assert together(home / kind / "pets", "breed") == {(0,), (15,), (20,), (5, 10, 30)}
    assert "tfds:birdies can't be prepared: " in refused("birdies")
