"""What TensorFlow and TensorFlow Datasets write themselves, and how the library is asked."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.source import Request
from cnnbench.data.sources.tfds import Tfds

from .conftest import EXPECTED, PARTS, content, prepared, refused


def together(argument, column):
    """The brightness of images that a column puts into one group."""
    opened = open_images(Tfds(), Request(str(argument), color="grey", groups=column))
    values = opened.images[:, 0, 0, 0]
    return {tuple(sorted(values[opened.groups == each].tolist())) for each in set(opened.groups)}


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
