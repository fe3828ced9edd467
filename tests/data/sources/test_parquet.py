"""Images in Parquet files, as pyarrow and Hugging Face's datasets write them."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.parquet import Parquet
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def png(value):
    file = io.BytesIO()
    Image.new("L", (4, 3), value).save(file, "PNG")
    return file.getvalue()


def table(values, labels, metadata=None, **names):
    image = [{"bytes": png(value), "path": f"{value}.png"} for value in values]
    columns = {names.get("image", "image"): image, names.get("label", "label"): labels}
    made = pa.table(columns)
    return made.replace_schema_metadata(metadata) if metadata else made


def request(path, **keys):
    return Request(str(path), color="grey", **keys)


def loaded(path):
    """[(brightness, class)] of all images, and the splits."""
    data, facts = Parquet().load(request(path)), Parquet().facts(request(path))
    assert (facts.shape, facts.classes) == ((3, 4, 1), data.classes)
    assert sum(facts.count.values()) == len(data.images)
    pairs = zip(data.images[:, 0, 0, 0].tolist(), data.labels.tolist(), strict=True)
    rows = {split: found.tolist() for split, found in data.fixed.items()}
    return [(value, data.classes[label]) for value, label in pairs], rows


def refused(path):
    with pytest.raises(DataError) as error:
        Parquet().facts(request(path))
    assert "\n" not in str(error.value)
    return str(error.value)


NAMED = {
    b"huggingface": b'{"info": {"features": {"label": {"names": ["cat", "dog"], '
    b'"_type": "ClassLabel"}, "image": {"_type": "Image"}}}}'
}


@pytest.mark.parametrize("group", [1, 2, 100])
def test_rows_are_read_in_groups_and_stay_in_order(tmp_path, group):
    path = tmp_path / "a.parquet"
    pq.write_table(table(range(10, 17), [0, 1, 0, 1, 1, 1, 0], NAMED), path, row_group_size=group)
    images, splits = loaded(path)
    names = ("cat", "dog", "cat", "dog", "dog", "dog", "cat")
    assert images == list(zip(range(10, 17), names, strict=True))
    assert splits == {}


def test_files_of_a_folder_are_splits_by_their_names(tmp_path):
    files = {"train-00000-of-00002": [1, 2], "train-00001-of-00002": [3], "test-0": [4, 5]}
    (tmp_path / "data").mkdir()
    for name, values in files.items():
        labels = [value % 2 for value in values]
        pq.write_table(table(values, labels, NAMED), tmp_path / "data" / f"{name}.parquet")
    images, splits = loaded(tmp_path)
    assert [value for value, _ in images] == [1, 2, 3, 4, 5]
    assert splits == {"train": [0, 1, 2], "test": [3, 4]}


def test_bytes_alone_and_labels_as_text_or_numbers_do(tmp_path):
    for labels, classes in ((["b", "a"], ["b", "a"]), ([10, 2], ["10", "2"])):
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"img": [png(1), png(2)], "class": labels, "n": [1, 2]}), path)
        assert loaded(path)[0] == list(zip([1, 2], classes, strict=True))


@pytest.mark.slow
def test_what_datasets_writes_is_read_with_the_names_of_classes(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])}
    )
    images = [Image.new("L", (4, 3), value) for value in (10, 20)]
    made = datasets.Dataset.from_dict({"image": images, "label": [1, 0]}, features=features)
    made.to_parquet(str(tmp_path / "a.parquet"))
    assert loaded(tmp_path / "a.parquet")[0] == [(10, "dog"), (20, "cat")]


def test_an_image_that_is_a_path_only_or_broken_is_skipped_and_named(tmp_path):
    images = [
        {"bytes": png(1), "path": None},
        {"bytes": None, "path": "x.png"},
        {"bytes": b"x", "path": None},
        {"bytes": png(2), "path": None},
    ]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image": images, "label": ["a", "a", "b", "b"]}), path)
    data = Parquet().load(request(path, image_size=(3, 4)))
    assert len(data.images) == 2
    (note,) = [note for note in data.notes if "can't be read" in note]
    assert "image 1 (the file holds its path, not the image itself)" in note
    assert "image 2 (not an image that Pillow knows)" in note


def test_other_labels_are_other_data(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(table([1, 2], ["a", "b"]), path)
    first = Parquet().fingerprint(request(path))
    assert first == Parquet().fingerprint(request(path))
    pq.write_table(table([1, 2], ["b", "a"]), path)
    assert first != Parquet().fingerprint(request(path))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (table([1, 2], ["a", "b"], label="kind"), "no column that says the class of each image"),
        (pa.table({"image": ["a.png"], "label": ["a"]}), "has no column of images among image"),
        (pa.table({"a": [b""], "b": [b""], "label": ["a"]}), "several columns of bytes (a, b)"),
        (table([1, 2], ["a", "a"]), "images of one class only, 'a'"),
        (table([1, 2], [0, 2], NAMED), "of the class 2, of which there are 2"),
        (table([1, 2], ["a", None]), "column label of"),
        (table([], pa.array([], pa.string())), "has no column of images"),
    ],
)
def test_other_tables_are_refused_in_a_sentence(tmp_path, made, said):
    pq.write_table(made, tmp_path / "a.parquet")
    assert said in refused(tmp_path / "a.parquet")


def test_damaged_and_missing_files_are_refused(tmp_path):
    pq.write_table(table([1, 2], ["a", "b"]), tmp_path / "test-0.parquet")
    assert "holds no files of a train split" in refused(tmp_path)
    pq.write_table(table([1, 2], ["a", "b"]), tmp_path / "more.parquet")
    assert "holds files of splits, but also more.parquet" in refused(tmp_path)
    content = (tmp_path / "more.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(content[:-9])
    assert "cut.parquet can't be read as Parquet: " in refused(tmp_path / "cut.parquet")
    (tmp_path / "empty").mkdir()
    assert "holds no .parquet files" in refused(tmp_path / "empty")
    assert "there is no file or folder" in refused(tmp_path / "nowhere")


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    pq.write_table(table([1, 2], ["a", "b"]), tmp_path / "a.parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    assert "install it with: pip install 'cnnbench[parquet]'" in refused(tmp_path / "a.parquet")


def test_many_rows_keep_their_images(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, 300).tolist()
    labels = ["ab"[value % 2] for value in values]
    pq.write_table(table(values, labels), tmp_path / "a.parquet", row_group_size=37)
    assert loaded(tmp_path / "a.parquet")[0] == list(zip(values, labels, strict=True))


def test_records_are_decoded_where_their_file_is_open(tmp_path, monkeypatch):
    monkeypatch.setattr("cnnbench.data.sources._decoders.ALONE", 0.0)
    monkeypatch.setattr("cnnbench.data.sources._decoders.usable_cores", lambda: 2)
    values = list(range(100))
    labels = ["ab"[value % 2] for value in values]
    pq.write_table(table(values, labels), tmp_path / "a.parquet", row_group_size=7)
    assert loaded(tmp_path / "a.parquet")[0] == list(zip(values, labels, strict=True))


def test_a_file_that_is_written_anew_leaves_nothing_of_the_old_images(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "a.parquet"
    for values in ([1, 2, 3], [4, 5, 6]):
        pq.write_table(table(values, ["a", "b", "b"]), path)
        cached = open_images(Parquet(), request(path))
        assert cached.images[:, 0, 0, 0].tolist() == values


def test_a_column_tells_which_images_belong_together(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "set"
    folder.mkdir()
    patients = {
        "train-0.parquet": [7, 7, None],
        "train-1.parquet": [8, 7],
        "test-0.parquet": [9, 9],
    }
    for name, each in patients.items():
        made = table(range(len(each)), ["cat", "dog", "cat"][: len(each)])
        pq.write_table(made.append_column("patient", pa.array(each)), folder / name)
    opened = open_images(Parquet(), request(folder, groups="patient"))
    told = dict(zip(opened.names, opened.groups.tolist(), strict=True))
    same = told["train image 0"], told["train image 1"], told["train image 4"]
    assert len(set(same)) == 1
    assert told["test image 0"] == told["test image 1"]
    assert len(set(told.values())) == 4
    with pytest.raises(DataError, match="has no column patent; did you mean 'patient'") as error:
        Parquet().facts(request(folder, groups="patent"))
    assert error.value.key == "groups"


def test_a_usual_column_is_noted_until_groups_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "a.parquet"
    made = table(range(4), ["cat", "dog"] * 2)
    pq.write_table(made.append_column("Patient", pa.array(["x", "y", "x", "z"])), path)
    noted = "Column Patient does not keep images together by itself"
    assert any(noted in note for note in open_images(Parquet(), request(path)).notes)
    told = open_images(Parquet(), request(path, groups="patient"))
    assert told.groups.tolist() == [0, 1, 0, 2]
    assert not any(noted in note for note in told.notes)


def test_what_a_row_does_not_tell_is_no_group(tmp_path):
    path = tmp_path / "a.parquet"
    made = table(range(5), ["cat", "dog"] * 2 + ["cat"])
    made = made.append_column("weight", pa.array([7.0, float("nan"), None, float("nan"), 7.0]))
    made = made.append_column("place", pa.array(["", "a", "", "a", None]))
    pq.write_table(made.append_column("tags", pa.array([["a"]] * 5)), path)
    names = [f"image {row}" for row in range(5)]
    told = Parquet().grouped(request(path, groups="weight"), names)
    assert told.names == ["7.0", None, None, None, "7.0"]
    assert Parquet().grouped(request(path, groups="place"), names).names == [
        None,
        "a",
        None,
        "a",
        None,
    ]
    with pytest.raises(DataError, match="column tags tells no groups: it holds neither") as error:
        Parquet().facts(request(path, groups="tags"))
    assert error.value.key == "groups"
