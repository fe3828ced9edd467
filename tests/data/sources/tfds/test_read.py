"""Sets that TensorFlow Datasets prepared, read without TensorFlow."""

import json
import re
import struct

import psutil
import pytest

from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.source import Request
from cnnbench.data.sources.tfds import Tfds
from cnnbench.errors import DataError

from .conftest import (
    EXPECTED,
    PARTS,
    content,
    feature,
    field,
    number_feature,
    prepared,
    refused,
    text_feature,
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
