"""Folders larger than memory: streamed, resumed where it was interrupted, repaired."""

import json
import os
import subprocess
import sys
import textwrap
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources import _decoders
from cnnbench.data.sources._journal import ROW, read
from cnnbench.data.sources._rows import RowFile
from cnnbench.data.sources.cache import open_images
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

from .conftest import SIZE, by_pillow, in_order, opened, photo


@pytest.fixture
def decoded(monkeypatch):
    """The names of files that are decoded in this process, as they are."""
    names = []
    decode = _decoders.decode_into

    def noted(rows, job, color):
        names.append(os.path.basename(job.path))  # noqa: PTH119
        return decode(rows, job, color)

    monkeypatch.setattr(_decoders, "decode_into", noted)
    monkeypatch.setattr(_decoders, "ALONE", 1e9)
    return names


def interrupt(photos, wanted):
    """Begin to decode them, and end as Ctrl-C does once so many are done."""

    def watch(decoding):
        if decoding.done == wanted:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnbench.data.sources._filling.PAUSE", 0.0)
        with pytest.raises(KeyboardInterrupt):
            opened(photos, watch=watch)


def test_rows_are_the_files_in_order_and_the_digest_is_that_of_all_of_them(photos):
    cached = opened(photos)
    expected = np.stack([by_pillow(path) for path in in_order(photos)])
    np.testing.assert_array_equal(cached.images, expected)
    head = json.dumps([[40, *SIZE, 3], ["cat", "dog"], {}]).encode()
    labels = np.repeat(np.int32([0, 1]), 20)
    assert cached.digest == sha256(head + labels.tobytes() + expected.tobytes()).hexdigest()


def test_an_interrupted_decoding_goes_on_where_it_was(photos, decoded):
    interrupt(photos, 25)
    assert len(decoded) == 25
    heard = []
    cached = opened(photos, watch=heard.append)
    assert len(decoded) == 40
    assert len(set(decoded)) == 40
    assert (heard[-1].done, heard[-1].total, heard[-1].taken) == (40, 40, 25)
    np.testing.assert_array_equal(cached.images[7], by_pillow(in_order(photos)[7]))


@pytest.mark.slow
def test_a_killed_decoding_goes_on_where_it_was(tmp_path, cache, decoded):
    for number in range(400):
        photo(
            tmp_path / "photos" / ("cat", "dog")[number % 2] / f"{number:03}.jpg", number, (24, 18)
        )
    code = textwrap.dedent(f"""
        import os
        from cnnbench.data.sources import _decoders, _filling
        from cnnbench.data.sources.cache import open_images
        from cnnbench.data.sources.folder import Folder
        from cnnbench.data.sources.source import Request
        _filling.PAUSE, _decoders.ALONE, _decoders.usable_cores = 0.0, 0.0, lambda: 2

        def watch(decoding):
            if decoding.done >= 100:
                os.kill(os.getpid(), 9)

        open_images(Folder(), Request({str(tmp_path / "photos")!r}, {SIZE}), watch=watch)
    """)
    killed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert killed.returncode == -9, killed.stderr
    (partial,) = cache.glob("*.partial")
    head, rows = read(partial)
    assert head.shape == (400, *SIZE, 3)
    assert len(rows) >= 100
    cached = opened(tmp_path / "photos")
    assert len(cached.images) == 400
    assert len(decoded) == 400 - len(rows)
    assert not partial.exists()
    for row, path in enumerate(in_order(tmp_path / "photos")):
        np.testing.assert_array_equal(cached.images[row], by_pillow(path))


def test_only_what_has_changed_is_decoded_again(photos, decoded):
    opened(photos)
    decoded.clear()
    photo(photos / "cat" / "00a.jpg", 100)
    photo(photos / "dog" / "05.jpg", 101)
    (photos / "dog" / "39.jpg").unlink()
    cached = opened(photos)
    assert sorted(decoded) == ["00a.jpg", "05.jpg"]
    expected = np.stack([by_pillow(path) for path in in_order(photos)])
    np.testing.assert_array_equal(cached.images, expected)


def test_files_added_to_a_folder_that_is_decoded_in_part_cost_only_themselves(photos, decoded):
    interrupt(photos, 30)
    photo(photos / "cat" / "000.jpg", 100)
    cached = opened(photos)
    assert len(decoded) == 41
    expected = np.stack([by_pillow(path) for path in in_order(photos)])
    np.testing.assert_array_equal(cached.images, expected)


def test_pixels_that_are_not_those_that_were_told_are_decoded_again(photos, cache, decoded):
    whole = opened(photos).digest
    decoded.clear()
    path = next(cache.glob("*/images.npy"))
    with RowFile.open(path, writable=True) as images:
        images.write(3, bytes(images.row_bytes))
    assert opened(photos, verify=True).digest == whole
    assert decoded == ["06.jpg"]


def test_a_journal_of_another_decoder_is_not_believed(photos, cache, decoded, monkeypatch):
    opened(photos)
    decoded.clear()
    monkeypatch.setattr("cnnbench.data.sources.folder.REVISION", 1000)
    opened(photos)
    assert len(decoded) == 40


@pytest.mark.parametrize("damage", ["torn", "nonsense", "empty", "gone"])
def test_a_damaged_journal_costs_time_alone(photos, cache, damage):
    whole = opened(photos).digest
    (journal,) = cache.glob("*/journal")
    content = journal.read_bytes()
    os.truncate(journal.parent / "labels.npy", 1)
    if damage == "gone":
        journal.unlink()
    else:
        left = {"torn": content[: -ROW.itemsize // 2], "nonsense": b"[" * 99_999, "empty": b""}
        journal.write_bytes(left[damage])
    assert opened(photos).digest == whole


def test_unreadable_files_leave_no_gap_and_are_tried_again(photos, decoded):
    bad = photos / "cat" / "02.jpg"
    whole = bad.read_bytes()
    bad.write_bytes(whole[:300])
    readable = [path for path in in_order(photos) if path != bad]
    cached = opened(photos)
    np.testing.assert_array_equal(cached.images, np.stack([by_pillow(x) for x in readable]))
    assert "1 of 40 images can't be read and are skipped: cat/02.jpg" in cached.notes[0]
    decoded.clear()
    bad.write_bytes(whole)
    assert len(opened(photos).images) == 40
    assert decoded == ["02.jpg"]


def test_where_an_unreadable_file_is_an_error_the_others_are_kept(photos, decoded):
    bad = photos / "cat" / "02.jpg"
    whole = bad.read_bytes()
    bad.write_bytes(b"no image")
    request = Request(str(photos), SIZE, unreadable="error")
    with pytest.raises(DataError, match=r"1 of 40 images can't be read: cat/02\.jpg"):
        open_images(Folder(), request)
    decoded.clear()
    bad.write_bytes(whole)
    open_images(Folder(), request)
    assert decoded == ["02.jpg"]


def test_the_white_of_deep_images_is_that_of_all_after_one_was_added(tmp_path, decoded):
    def deep(name, value):
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), value, np.uint16)).save(path)

    request = Request(str(tmp_path / "scans"), color="grey")
    deep("a/1.png", 1023)
    deep("b/1.png", 511)
    assert open_images(Folder(), request).images[:, 0, 0, 0].tolist() == [255, 127]
    assert len(decoded) == 4
    deep("b/2.png", 4095)
    assert open_images(Folder(), request).images[:, 0, 0, 0].tolist() == [64, 32, 255]
    assert sorted(decoded[4:]) == ["1.png", "1.png", "2.png", "2.png"]
    assert opened_again_decodes_nothing(request, decoded)


def opened_again_decodes_nothing(request, decoded):
    decoded.clear()
    open_images(Folder(), request)
    return not decoded


def test_a_disk_without_room_is_said_before_anything_is_decoded(
    photos, cache, decoded, monkeypatch
):
    class Full:
        total, used, free = 10_000, 9_999, 1

    monkeypatch.setattr("shutil.disk_usage", lambda _: Full)
    with pytest.raises(DataError, match=r"they take 0\.0 GiB.*make room.*CNNBENCH_CACHE"):
        opened(photos)
    assert not decoded
    assert not [path for path in cache.iterdir() if path.is_dir()]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_stays_small_whatever_the_size_of_the_folder(tmp_path):
    """Decoded the photos take 550 MB."""
    for number in range(700):
        photo(tmp_path / "photos" / ("cat", "dog")[number % 2] / f"{number}.jpg", number, (16, 12))
    code = textwrap.dedent(f"""
        import re, resource
        from pathlib import Path
        from cnnbench.data.sources.cache import open_images
        from cnnbench.data.sources.folder import Folder
        from cnnbench.data.sources.source import Request
        request = Request({str(tmp_path / "photos")!r}, (512, 512))
        cached = open_images(Folder(), request)
        open_images(Folder(), request, verify=True)
        # Of this process alone: getrusage counts what it was before it became this program, too.
        own = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(cached.images.nbytes, own, children)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    size, own, children = map(int, done.stdout.split())
    assert size == 700 * 512 * 512 * 3
    assert max(own, children) < 300 * 1000
