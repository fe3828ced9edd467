"""Sets of Hugging Face: local copies in each of their forms, and a catalogue that stands in."""

import importlib.util
import io
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.hugging_face import HuggingFace
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

# Beside this file, which pytest does not put on the path.
spec = importlib.util.spec_from_file_location("hub", Path(__file__).with_name("hub.py"))
hub = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hub)


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    """The library, with a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hf")))
        patch.delenv("CNNBENCH_DOWNLOAD", raising=False)
        library = pytest.importorskip("datasets")
        patch.setattr(library.config, "HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield library


@pytest.fixture
def made(datasets):
    """Make a split: images of growing brightness, 10 apart, labels in turn."""

    def make(count, start=0, labels=None, names=("cat", "dog"), **columns):
        features = {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(names))}
        rows = {
            "image": [Image.new("L", (4, 3), start + 10 * number) for number in range(count)],
            "label": labels or [number % 2 for number in range(count)],
        }
        for name, values in columns.items():
            features[name] = datasets.ClassLabel(names=list(names))
            rows[name] = values
        return datasets.Dataset.from_dict(rows, features=datasets.Features(features))

    return make


def load(path, **keys):
    return HuggingFace().load(Request(str(path), color="grey", **keys))


def refused(argument):
    with pytest.raises(DataError) as error:
        HuggingFace().facts(Request(str(argument)))
    assert "\n" not in str(error.value)
    return str(error.value)


def content(data):
    pairs = zip(data.images[:, 0, 0, 0].tolist(), data.labels.tolist(), strict=True)
    splits = {split: rows.tolist() for split, rows in data.fixed.items()}
    return [(value, data.classes[label]) for value, label in pairs], splits


EXPECTED = (
    [(0, "cat"), (10, "dog"), (20, "cat"), (5, "cat"), (15, "dog")],
    {"train": [0, 1, 2], "test": [3, 4]},
)


def saved(datasets, made, folder):
    datasets.DatasetDict({"train": made(3), "test": made(2, 5)}).save_to_disk(str(folder))


def shards(datasets, made, folder):
    (folder / "data").mkdir(parents=True)
    for split, part in (("train", made(3)), ("test", made(2, 5))):
        part.to_parquet(str(folder / "data" / f"{split}-00000-of-00001.parquet"))


def image_folder(datasets, made, folder):
    for split, part in (("train", made(3)), ("test", made(2, 5))):
        for number, row in enumerate(part):
            place = folder / split / ("cat", "dog")[row["label"]]
            place.mkdir(parents=True, exist_ok=True)
            row["image"].save(place / f"{number}.png")


@pytest.mark.parametrize("write", [saved, shards, image_folder])
def test_a_local_copy_is_read_whatever_its_form(datasets, made, tmp_path, write):
    write(datasets, made, tmp_path / "set")
    data = load(tmp_path / "set")
    images, splits = content(data)
    assert sorted(images) == sorted(EXPECTED[0])
    assert splits == EXPECTED[1]
    facts = HuggingFace().facts(Request(str(tmp_path / "set"), color="grey"))
    assert (facts.shape, facts.classes) == ((3, 4, 1), ("cat", "dog"))
    assert facts.class_count == {"train": (2, 1), "test": (1, 1)}


def test_a_lone_split_leaves_the_splits_open_and_others_are_noted(datasets, made, tmp_path):
    made(4).save_to_disk(str(tmp_path / "one"))
    assert load(tmp_path / "one").fixed == {}
    whole = {"train": made(4), "extra": made(2), "test": made(2, 5, labels=[-1, -1])}
    datasets.DatasetDict(whole).save_to_disk(str(tmp_path / "more"))
    data = load(tmp_path / "more")
    assert len(data.images) == 4
    assert data.notes[:2] == (
        "Split extra is left out: it is none of train, validation and test.",
        "Split test has no labels and is left out.",
    )


def test_other_content_has_another_fingerprint(made, tmp_path):
    for name, start in (("a", 0), ("b", 1)):
        made(4, start).save_to_disk(str(tmp_path / name))
    prints = [HuggingFace().fingerprint(Request(str(tmp_path / name))) for name in "aba"]
    assert prints[0] == prints[2] != prints[1]


def test_columns_that_are_not_clear_are_named(datasets, made, tmp_path):
    two = made(2, fine=[0, 1], coarse=[0, 1]).remove_columns("label")
    two.save_to_disk(str(tmp_path / "two"))
    assert "has several columns of classes (fine, coarse)" in refused(tmp_path / "two")
    made(2).remove_columns("image").save_to_disk(str(tmp_path / "none"))
    assert "has no column of images; it has label" in refused(tmp_path / "none")
    datasets.Dataset.from_dict({"text": ["a"]}).save_to_disk(str(tmp_path / "text"))
    assert "has no column of images; it has text" in refused(tmp_path / "text")


GROUPS = {"animal": ["rex", "tom", "rex"], "day": [3, 3, 5], "breed": [1, -1, -1]}
"""Of the training images: texts, whole numbers, and classes, two of which are not told."""
TOLD = {"animal": [0, 1, 0], "day": [0, 0, 1], "breed": [0, 1, 2]}


@pytest.mark.parametrize("write", [saved, shards])
def test_a_column_tells_which_images_belong_together(datasets, made, tmp_path, monkeypatch, write):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))

    def grouped(count, start=0):
        part = made(count, start)
        for column, values in GROUPS.items():
            part = part.add_column(column, [None] * count if start else values[:count])
        return part.cast_column("breed", datasets.ClassLabel(names=["lab", "pug"]))

    write(datasets, grouped, tmp_path / "set")
    for column, expected in TOLD.items():
        request = Request(str(tmp_path / "set"), color="grey", groups=column.upper())
        opened = open_images(HuggingFace(), request)
        told = dict(zip(opened.names, opened.groups.tolist(), strict=True))
        assert [told[f"train image {row}"] for row in range(3)] == expected
        assert len({*told.values()}) == max(expected) + 1 + 2, "what is not told stands alone"


def test_a_column_that_is_not_there_or_tells_no_groups_is_named(datasets, made, tmp_path):
    made(4).add_column("patient_id", list("abab")).save_to_disk(str(tmp_path / "set"))
    for column, said in (
        ("patent_id", "has no column patent_id; did you mean 'patient_id'? columns: image, label"),
        ("image", "column image tells no groups: it holds neither texts nor whole numbers"),
    ):
        with pytest.raises(DataError, match=re.escape(said)) as error:
            HuggingFace().facts(Request(str(tmp_path / "set"), groups=column))
        assert error.value.key == "groups"
    noted = "Column patient_id does not keep images together by itself"
    assert any(noted in note for note in load(tmp_path / "set").notes)


@pytest.mark.usefixtures("datasets")
def test_what_is_not_here_is_said_at_once_without_the_network(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: asked.append(address))
    assert "owner/name is not on this machine" in (said := refused("owner/name@main:small"))
    assert "--download fetches it from Hugging Face" in said
    assert not asked
    assert "there is no folder" in refused(tmp_path / "nowhere")
    assert "is no name of a set; write hf:OWNER/NAME" in refused("a/b/c")
    (tmp_path / "empty").mkdir()
    assert "can't be read by the library datasets" in refused(tmp_path / "empty")


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cnnbench.data.sources._hub", None)
    assert "install it with: pip install 'cnnbench[hf]'" in refused("owner/name")


ASK = """
import json, sys
from cnnbench.data.sources.hugging_face import HuggingFace
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError
try:
    facts = HuggingFace().facts(Request(sys.argv[1]))
    print(json.dumps([facts.shape, facts.classes, dict(facts.count)]))
except DataError as error:
    print(json.dumps(str(error)))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("datasets")
def test_a_set_is_fetched_once_with_download_alone_and_then_read_without_the_network(
    made, tmp_path
):
    files = {}
    for split, count in (("train", 4), ("test", 2)):
        file = io.BytesIO()
        made(count).to_parquet(file)
        files[f"data/{split}-00000-of-00001.parquet"] = file.getvalue()
    environment = os.environ | {
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }

    def ask(argument, address, **more):
        done = subprocess.run(
            [sys.executable, "-c", ASK, argument],
            env=environment | {"HF_ENDPOINT": address} | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    with hub.serving("owner/pets", files) as address:
        assert "owner/pets is not on this machine" in ask("owner/pets", address)
        found = ask("owner/pets", address, CNNBENCH_DOWNLOAD="1")
        assert found == [[3, 4, 3], ["cat", "dog"], {"train": 4, "test": 2}]
        missing = ask("owner/birds", address, CNNBENCH_DOWNLOAD="1")
        assert missing.startswith("owner/birds can't be fetched from Hugging Face: ")
    assert ask("owner/pets", address) == found
