"""Zip and tar archives that are read in place: the same images, and tricks that are refused."""

import io
import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources import _archive
from cnnbench.data.sources._tree import content_of
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.pattern import Pattern
from cnnbench.data.sources.source import Request
from cnnbench.data.sources.table import TableSource
from cnnbench.errors import DataError

KINDS = {"zip": ".zip", "tar": ".tar", "gztar": ".tar.gz", "bztar": ".tar.bz2", "xztar": ".tar.xz"}


def png(name):
    """Noise that differs between names."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (4, 5, 3)).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def save(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(png(name))


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "photos"
    save(folder, *(f"{split}/{name}/{n}.png" for split in ("train", "val", "test")
                   for name in ("cat", "dög") for n in range(2)))  # fmt: skip
    (folder / "train" / "cat" / "broken.png").write_bytes(b"no image")
    return folder


def pack(folder, kind, base=None):
    return shutil.make_archive(str(folder), kind, folder.parent if base else folder, base)


def zipped(path, *names, **contents):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, contents.get(name, png(name)))
    return path


def load(path, **keys):
    return Folder().load(Request(str(path), **keys))


def refused(path):
    with pytest.raises(DataError) as error:
        load(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def same(data, other):
    assert data.classes == other.classes
    np.testing.assert_array_equal(data.images, other.images)
    np.testing.assert_array_equal(data.labels, other.labels)
    assert {k: v.tolist() for k, v in data.fixed.items()} == {
        k: v.tolist() for k, v in other.fixed.items()
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_an_archive_holds_what_its_folder_held(photos, kind, wrapped):
    expected = load(photos)
    path = pack(photos, kind, "photos" if wrapped else None)
    data = load(path)
    same(data, expected)
    assert [note for note in data.notes if "broken.png" in note]
    assert Folder().facts(Request(path)) == Folder().facts(Request(str(photos)))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_unpacked_beside_the_archive_or_left_in_the_cache(photos, kind, tmp_path):
    path = pack(photos, kind)
    shutil.rmtree(photos)
    before = sorted(tmp_path.iterdir())
    load(path)
    cache = tmp_path / "cache"
    assert sorted(x for x in tmp_path.iterdir() if x != cache) == before
    assert not cache.exists() or not list(cache.iterdir())


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_a_folder_in_an_archive_is_read_alone(photos, kind):
    path = pack(photos, kind, "photos")
    same(load(f"{path}/photos/val"), load(photos / "val"))
    assert "does not exist" in refused(f"{path}/photos/vol")


def test_an_archive_that_is_replaced_is_other_data(photos):
    path = pack(photos, "zip")
    first = Folder().fingerprint(Request(path))
    assert first == Folder().fingerprint(Request(path))
    save(photos, "train/cat/new.png")
    pack(photos, "zip")
    assert Folder().fingerprint(Request(path)) != first
    assert len(load(path).images) == 13


def test_layouts_are_judged_as_on_disk(tmp_path):
    path = zipped(tmp_path / "a.zip", *(f"train/{c}.{n}.png" for c in "xy" for n in range(3)))
    pattern = f"{path}/train/{{class}}.{{number}}*"
    assert f"by the source 'files:{pattern}'" in refused(path)
    assert Pattern().load(Request(pattern)).classes == ("x", "y")


def test_a_table_in_an_archive_lists_images_in_it(tmp_path):
    path = tmp_path / "a.zip"
    rows = "file,class\nimages/1.png,cat\nimages/2.png,dog\n"
    zipped(path, "labels.csv", "images/1.png", "images/2.png", **{"labels.csv": rows})
    assert TableSource().load(Request(f"{path}/labels.csv")).classes == ("cat", "dog")
    assert f"by the source csv:{path}/labels.csv" in refused(f"{path}/")


def test_names_as_windows_and_macs_pack_them(tmp_path):
    path = zipped(tmp_path / "a.zip", "pets\\cat\\1.png", "__MACOSX/pets/cat/._1.png")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("pets/b\u00e4r/3.png", png("3"))
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 9] &= 0xF7  # as macOS: UTF-8 without its flag
    content[content.rindex(b"PK\x03\x04") + 7] &= 0xF7
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        assert "pets/b\u251c\u00f1r/3.png" in archive.namelist()
    assert load(path).classes == ("b\u00e4r", "cat")


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/evil.png", "a/../../evil.png", "C:/x.png"]
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out_of_the_archive_are_refused(tmp_path, name, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        zipped(path, "cat/1.png", "dog/2.png", name)
    else:
        with tarfile.open(path, "w") as archive:
            for each in ("cat/1.png", "dog/2.png", name):
                info = tarfile.TarInfo(each)
                info.size = len(png(each))
                archive.addfile(info, io.BytesIO(png(each)))
    assert f"holds {name!r}, a path that leads out of it" in refused(path)


def test_links_in_archives_lead_nowhere(tmp_path):
    (tmp_path / "secret.png").write_bytes(png("secret"))
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("cat/1.png", "dog/2.png"):
            info = tarfile.TarInfo(name)
            info.size = len(png(name))
            archive.addfile(info, io.BytesIO(png(name)))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"cat/{kind!r}.png")
            info.type, info.linkname = kind, str(tmp_path / "secret.png")
            archive.addfile(info)
    assert len(load(path).images) == 2
    path = zipped(tmp_path / "a.zip", "cat/1.png", "dog/2.png")
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("cat/link.png")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, str(tmp_path / "secret.png"))
    assert len(load(path).images) == 2


@pytest.mark.parametrize("kind", ["zip", "gztar", "xztar"])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, kind, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_archive, "FREE_BYTES", 2**20)
    for name in ("cat", "dog"):
        (tmp_path / "bomb" / name).mkdir(parents=True)
        (tmp_path / "bomb" / name / "1.png").write_bytes(bytes(8 * 2**20))
    assert "would unpack to more than 200 times its " in refused(pack(tmp_path / "bomb", kind))


def test_a_file_too_large_for_an_image_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_archive, "MOST_MEMBER_BYTES", 1000)
    path = zipped(tmp_path / "a.zip", "cat/1.png", "dog/2.png", **{"dog/2.png": bytes(1001)})
    assert "holds dog/2.png, a file of 1,001 bytes, no image" in refused(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [0, 0.3, 0.5])
def test_a_damaged_archive_is_told_in_a_sentence(photos, kind, keep):
    path = pack(photos, kind)
    content = Path(path).read_bytes()
    Path(path).write_bytes(content[: int(keep * len(content))])
    said = refused(path)
    assert said.startswith(path)
    assert "is empty, not an archive" in said or "can't be read as an archive: " in said


def test_a_damaged_image_in_an_archive_is_skipped_and_named(tmp_path):
    path = zipped(tmp_path / "a.zip", "cat/1.png", "cat/2.png", "dog/3.png")
    content = bytearray(path.read_bytes())
    at = content.index(b"cat/2.png") + 40
    content[at] ^= 0xFF
    path.write_bytes(content)
    data = load(path)
    assert len(data.images) == 2
    assert any("2.png (damaged in the archive (Bad CRC-32" in note for note in data.notes)


def test_an_encrypted_archive_wants_unpacking(tmp_path):
    path = zipped(tmp_path / "a.zip", "cat/1.png", "dog/2.png")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "is encrypted: unpack it first" in refused(path)


def test_a_folder_called_like_an_archive_is_a_folder(photos):
    photos.rename(named := photos.with_name("my.zip"))
    assert load(named).classes == ("cat", "dög")
    assert content_of(named / "val" / "cat" / "0.png") == png("val/cat/0.png")
