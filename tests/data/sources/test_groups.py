"""Which images belong together: by a pattern, a table, a column, or as the source has it."""

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.groups import as_numbers, digest_of_groups, told_by
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request
from cnnbench.data.sources.table import TableSource
from cnnbench.errors import DataError

NAMES = ("cat/tom_1.jpg", "cat/tom_2.jpg", "dog/rex_1.jpg", "dog/rex_2.png", "dog/tom_1.jpg")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path):
    """The files of NAMES, each with a brightness of its own."""
    for number, name in enumerate(NAMES):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), 40 * number).save(path)
    return tmp_path / "photos"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{group}_{number}.*", [0, 0, 1, 1, 0]),
        ("{group}_*", [0, 0, 1, 1, 0]),
        ("{group}/{group}_*", [0, 0, 1, 1, 2]),
        ("{group}/*", [0, 0, 1, 1, 1]),
        ("**/{group}_{number}.*", [0, 0, 1, 1, 0]),
        ("{group}_?.jpg", [0, 0, 1, 2, 0]),
        ("*_{group}.*", [0, 1, 0, 1, 0]),
    ],
)
def test_a_pattern_tells_groups_by_names_of_files_or_of_folders_above_them(pattern, expected):
    told = told_by(pattern, NAMES)
    assert as_numbers(told).tolist() == expected


def test_a_pattern_sees_as_many_folders_as_it_names():
    deep = [f"train/{name}" for name in NAMES]
    assert as_numbers(told_by("{group}/*", deep)).tolist() == [0, 0, 1, 1, 1]
    assert as_numbers(told_by("{group}/**", deep)).tolist() == [0] * 5


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ("{grup}_*", "a pattern can't hold {grup}; did you mean '{group}'?"),
        ("{number}_*", "is a pattern without {group}"),
        ("scene{group}.jpg", "fits none of the 5 images, such as cat/tom_1.jpg"),
        ("patient", "names a column, but the source has none"),
    ],
)
def test_what_tells_no_group_is_refused_in_a_sentence(groups, sentence):
    with pytest.raises(DataError) as error:
        told_by(groups, NAMES)
    assert sentence in str(error.value)
    assert error.value.key == "groups"


def test_a_source_without_names_of_files_has_none_to_tell_groups_by():
    with pytest.raises(DataError, match="does not tell of which files"):
        told_by("{group}_*", ())


TABLES = {
    "path,group\ncat/tom_1.jpg,tom\ncat/tom_2.jpg,tom\ndog/rex_1.jpg,rex\ndog/rex_2.png,rex\n"
    "dog/tom_1.jpg,other\n": [0, 0, 1, 1, 2],
    "file;patient\nphotos/cat/tom_1.jpg;A\n.\\cat\\tom_2.jpg;A\nrex_1;B\nrex_2;B\n": [
        0,
        0,
        1,
        1,
        2,
    ],
    "cat/tom_1,1\ncat/tom_2,1\ndog/tom_1,1\n": [0, 0, 1, 2, 0],
    "who,what\nA,rex_1.jpg\nA,rex_2.png\n": [0, 1, 2, 2, 3],
}


@pytest.mark.parametrize("text", TABLES)
def test_a_table_tells_groups_by_as_much_of_a_path_as_is_known(tmp_path, text):
    (tmp_path / "groups.csv").write_text(text)
    told = told_by(str(tmp_path / "groups.csv"), NAMES)
    assert as_numbers(told).tolist() == TABLES[text]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path,group\ntom_1.jpg,a\n", "line 2 of {} names tom_1.jpg, of which there are 2: cat/"),
        (
            "path,group\nrex_1,a\ndog/rex_1.jpg,b\n",
            "{} puts dog/rex_1.jpg into two groups, a and b",
        ),
        ("path,group\nbello.jpg,a\n", "{} names none of the 5 images, such as cat/tom_1.jpg"),
        ("one,two,three\n1,2,3\n", "{} has no columns path and group: its first line has one, two"),
        ("path,group\nrex_1\n", "line 2 of {} has 1 fields only"),
        ("", "{} has no columns path and group: its first line has nothing"),
    ],
)
def test_a_table_that_leaves_doubt_is_refused_with_its_line(tmp_path, text, sentence):
    file = tmp_path / "groups.csv"
    file.write_text(text)
    with pytest.raises(DataError) as error:
        told_by(str(file), NAMES)
    assert str(error.value).startswith(sentence.format(file))
    assert error.value.key == "groups"


def test_a_table_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(DataError, match="there is no file") as error:
        told_by(str(tmp_path / "groups.csv"), NAMES)
    assert error.value.key == "groups"


def test_images_come_with_their_groups_and_are_decoded_once_for_all_of_them(photos):
    plain = Request(str(photos), (4, 4))
    first = open_images(Folder(), plain)
    assert first.groups is None
    assert first.names == NAMES
    assert first.identity == first.digest
    others = [
        open_images(Folder(), Request(str(photos), (4, 4), groups=groups))
        for groups in ("{group}_*", "**/{group}_{number}.*", "{group}/*")
    ]
    assert [x.groups.tolist() for x in others] == [[0, 0, 1, 1, 0]] * 2 + [[0, 0, 1, 1, 1]]
    assert {x.digest for x in others} == {first.digest}
    assert others[0].identity == others[1].identity
    assert len({first.identity, *(x.identity for x in others)}) == 3
    assert len(list((photos.parent / "cache").glob("folder-*[0-9a-f]"))) == 1


def test_a_pattern_that_fits_nothing_is_refused_before_anything_is_decoded(photos):
    with pytest.raises(DataError, match="fits none"):
        Folder().facts(Request(str(photos), (4, 4), groups="IMG{group}.jpg"))


def test_images_in_no_group_are_noted_and_stand_for_themselves(photos):
    request = Request(str(photos), (4, 4), groups="rex_{group}.*")
    opened = open_images(Folder(), request)
    assert opened.groups.tolist() == [0, 1, 2, 3, 4]
    (note,) = opened.notes
    assert note.startswith(
        "3 images are in no group of data.groups and each kept as one of its own"
    )


def test_groups_of_one_image_each_are_noted(photos):
    opened = open_images(Folder(), Request(str(photos), (4, 4), groups="{group}/{group}.*"))
    assert opened.notes == (
        "Each image is a group of its own by data.groups, so that it keeps nothing together.",
    )


def test_a_column_of_a_table_tells_groups_and_ends_the_note_that_it_could(photos):
    rows = zip(NAMES, ["a", "a", "b", "", "b"], strict=True)
    lines = [f"{name},{name[:3]},{patient}" for name, patient in rows]
    (photos / "labels.csv").write_text("\n".join(["path,label,Patient", *lines]))
    argument = str(photos / "labels.csv")
    plain = open_images(TableSource(), Request(argument, (4, 4)))
    (note,) = plain.notes
    assert 'data.groups = "Patient" keeps each group in one split' in note
    grouped = open_images(TableSource(), Request(argument, (4, 4), groups="patient"))
    names = dict(zip(grouped.names, grouped.groups.tolist(), strict=True))
    assert names["cat/tom_1.jpg"] == names["cat/tom_2.jpg"]
    assert names["dog/rex_1.jpg"] == names["dog/tom_1.jpg"] != names["dog/rex_2.png"]
    assert not any("Patient does not keep" in note for note in grouped.notes)
    with pytest.raises(DataError) as error:
        open_images(TableSource(), Request(argument, (4, 4), groups="patent"))
    assert "has no column patent; did you mean 'Patient'?" in str(error.value)
    assert error.value.key == "groups"


def test_images_of_before_names_were_kept_are_named_without_decoding_them_again(
    photos, monkeypatch
):
    request = Request(str(photos), (4, 4))
    first = open_images(Folder(), request)
    (entry,) = (photos.parent / "cache").glob("folder-*[0-9a-f]")
    (entry / "names.json").unlink()
    meta = (entry / "meta.json").read_text()
    size = (entry / "labels.npy").stat().st_size
    start = meta.index('"names.json"')
    (entry / "meta.json").write_text(meta[: start - 1] + meta[meta.index("}", start) :])
    assert f'"labels.npy":{size}' in (entry / "meta.json").read_text()
    monkeypatch.setattr("cnnbench.data.sources._decoder.decode", lambda *_: pytest.fail("decoded"))
    again = open_images(Folder(), request)
    assert again.names == NAMES
    assert again.digest == first.digest


class Grouped(DataSource):
    """Four images, of which the first and last belong together."""

    name = "grouped"

    def facts(self, request):
        return Facts((2, 2, 1), ("a", "b"), {"all": 4})

    def fingerprint(self, request):
        return "1"

    def load(self, request):
        images = np.arange(16, dtype=np.uint8).reshape(4, 2, 2, 1)
        labels = np.array([0, 1, 0, 1], np.int32)
        return ImageData(images, labels, ("a", "b"), groups=np.array([7, 3, 5, 7]))


def test_groups_that_a_source_gives_are_kept_with_its_images():
    for _ in range(2):
        opened = open_images(Grouped(), Request())
        assert opened.groups.tolist() == [7, 3, 5, 7]
        assert opened.identity != opened.digest
    with pytest.raises(DataError, match="does not tell of which files"):
        open_images(Grouped(), Request(groups="{group}_*"))


def test_the_digest_is_of_which_images_belong_together_not_of_how_groups_are_called():
    same = [np.array(x) for x in ([7, 3, 5, 7], [0, 1, 2, 0], [9, 4, 8, 9])]
    assert len({digest_of_groups(groups) for groups in same}) == 1
    assert digest_of_groups(np.array([0, 1, 2, 1])) != digest_of_groups(same[0])
