"""The cache: decoded once, shared, never half, honest about folders it can't write."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from cnnbench.data.sources.cache import cache_folder, known_digest, open_images
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request
from cnnbench.errors import DataError


class Counting(DataSource):
    """Three images; counts how often they are decoded."""

    name = "counting"
    synthetic = True

    def __init__(self, state="1"):
        self.state = state
        self.loaded = 0

    def facts(self, request):
        return Facts((2, 2, 1), ("a", "b"), {"all": 3})

    def fingerprint(self, request):
        return self.state

    def load(self, request):
        self.loaded += 1
        images = np.arange(0, 240, 20, np.uint8).reshape(3, 2, 2, 1) + np.uint8(len(self.state))
        return ImageData(
            images, np.array([0, 1, 1], np.int32), ("a", "b"), {"test": np.array([2])}, ("A note.",)
        )


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_second_opening_decodes_nothing_and_returns_the_same():
    source = Counting()
    first, second = open_images(source, Request()), open_images(source, Request())
    assert source.loaded == 1
    np.testing.assert_array_equal(first.images, second.images)
    assert second.labels.tolist() == [0, 1, 1]
    assert second.classes == ("a", "b")
    assert second.fixed["test"].tolist() == [2]
    assert second.notes == ("A note.",)
    assert second.synthetic
    assert first.digest == second.digest


def test_images_are_mapped_and_can_not_be_changed():
    images = open_images(Counting(), Request()).images
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_the_digest_is_known_without_decoding_once_it_is_cached():
    source = Counting()
    assert known_digest(source, Request()) is None
    digest = open_images(source, Request()).digest
    assert known_digest(source, Request()) == digest
    assert source.loaded == 1
    assert known_digest(source, Request(color="grey")) is None


def test_a_changed_source_is_decoded_anew_and_its_old_copy_removed(folder):
    old = open_images(Counting("1"), Request())
    changed = Counting("22")
    assert known_digest(changed, Request()) is None
    new = open_images(changed, Request())
    assert changed.loaded == 1
    assert new.digest != old.digest
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 1
    assert old.images[0, 0, 0, 0] == 1, "a process that maps the old copy keeps it"


def test_requests_do_not_share_a_copy():
    source = Counting()
    open_images(source, Request())
    open_images(source, Request(image_size=(2, 2)))
    open_images(source, Request())
    assert source.loaded == 2


@pytest.mark.parametrize("name", ["images.npy", "labels.npy", "fixed-test.npy", "meta.json"])
@pytest.mark.parametrize("damage", ["truncated", "missing", "empty"])
def test_a_damaged_copy_is_made_anew(folder, name, damage):
    before = open_images(Counting(), Request()).digest
    victim = next(folder.glob(f"*/{name}"))
    if damage == "missing":
        victim.unlink()
    else:
        os.truncate(victim, victim.stat().st_size // 2 if damage == "truncated" else 0)
    source = Counting()
    assert known_digest(source, Request()) is None
    assert open_images(source, Request()).digest == before
    assert source.loaded == 1


def test_what_a_killed_process_left_is_cleared_away(folder):
    open_images(Counting(), Request())
    entry = next(path for path in folder.iterdir() if path.is_dir())
    partial = entry.with_name(entry.name.rpartition("-")[0] + ".partial")
    entry.rename(partial)
    (partial / "meta.json").unlink()
    source = Counting()
    assert known_digest(source, Request()) is None
    open_images(source, Request())
    assert source.loaded == 1
    assert not partial.exists()


def test_a_source_that_fails_leaves_nothing_behind(folder):
    class Failing(Counting):
        def load(self, request):
            raise DataError("no such images")

    with pytest.raises(DataError, match="no such images"):
        open_images(Failing(), Request())
    assert not [path for path in folder.iterdir() if path.is_dir()]


def test_meta_data_are_plain_json_and_arrays_need_no_pickle(folder):
    open_images(Counting(), Request())
    entry = next(path for path in folder.iterdir() if path.is_dir())
    assert json.loads((entry / "meta.json").read_text())["classes"] == ["a", "b"]
    for path in entry.glob("*.npy"):
        np.load(path, allow_pickle=False)


def test_a_cache_below_a_file_is_a_clear_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match=r"file/cache.*CNNBENCH_CACHE"):
        open_images(Counting(), Request())


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_cache_is_a_clear_error_unless_the_images_are_in_it(folder):
    open_images(Counting(), Request())
    folder.chmod(0o500)
    try:
        open_images(Counting(), Request())
        with pytest.raises(DataError, match="CNNBENCH_CACHE"):
            open_images(Counting("22"), Request())
    finally:
        folder.chmod(0o700)


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_disk_that_fills_up_is_a_clear_error_and_leaves_nothing(folder):
    done = run_python("""
        import resource
        from cnnbench.data.sources.cache import open_images
        from cnnbench.data.sources.source import Request
        from cnnbench.data.sources.digits import Digits
        from cnnbench.errors import DataError
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            open_images(Digits(), Request())
        except DataError as error:
            print(error)
    """)
    assert "CNNBENCH_CACHE" in done.stdout, done.stderr
    assert "File too large" in done.stdout
    assert str(folder) in done.stdout
    assert not [path for path in folder.iterdir() if path.is_dir()]


@pytest.mark.slow
def test_processes_that_open_at_once_decode_once(folder, tmp_path):
    code = f"""
        import time
        from pathlib import Path
        from cnnbench.data.sources.cache import open_images
        from cnnbench.data.sources.source import Request
        from cnnbench.data.sources.digits import Digits

        class Slow(Digits):
            def load(self, request):
                with Path({str(tmp_path / "log")!r}).open("a") as log:
                    log.write("decoded\\n")
                time.sleep(0.5)
                return super().load(request)

        print(open_images(Slow(), Request()).digest)
    """
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    digests = {worker.communicate()[0].strip() for worker in workers}
    assert len(digests) == 1
    assert (tmp_path / "log").read_text() == "decoded\n"


def test_a_process_killed_while_decoding_does_not_block_the_next(folder):
    killed = run_python("""
        import os, signal
        from cnnbench.data.sources.cache import open_images
        from cnnbench.data.sources.source import Request
        from cnnbench.data.sources.digits import Digits

        class Killed(Digits):
            def load(self, request):
                os.kill(os.getpid(), signal.SIGKILL)

        open_images(Killed(), Request())
    """)
    assert killed.returncode < 0
    source = Counting()
    assert len(open_images(source, Request()).labels) == 3


def test_the_folder_is_the_users_cache_folder_unless_the_variable_names_one(monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", "~/pictures")
    assert cache_folder() == Path.home() / "pictures"
    monkeypatch.delenv("CNNBENCH_CACHE")
    assert "cnnbench" in cache_folder().parts


def test_a_cache_that_vanishes_is_made_again(folder):
    open_images(Counting(), Request())
    shutil.rmtree(folder)
    assert len(open_images(Counting(), Request()).labels) == 3


def test_bytes_that_changed_in_place_are_noticed_where_the_copy_is_verified(folder):
    whole = open_images(Counting(), Request())
    victim = next(folder.glob("*/images.npy"))
    damaged = bytearray(victim.read_bytes())
    damaged[-1] ^= 255
    victim.write_bytes(damaged)
    source = Counting()
    again = open_images(source, Request(), verify=True)
    assert source.loaded == 1
    assert again.digest == whole.digest
    np.testing.assert_array_equal(again.images, source.load(Request()).images)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ["b", "a"]},
        {"classes": 3},
        {"notes": 3},
        {"fixed": ["train"]},
        {"digest": None},
        {"sizes": []},
        {"inventory": {"brightest": "white"}},
    ],
)
def test_a_meta_file_that_says_something_else_is_not_believed(folder, change):
    before = open_images(Counting(), Request())
    meta = next(folder.glob("*/meta.json"))
    meta.write_text(json.dumps(json.loads(meta.read_text()) | change))
    source = Counting()
    again = open_images(source, Request(), verify=True)
    assert (source.loaded, again.classes, again.notes) == (1, before.classes, before.notes)


def test_a_meta_file_of_brackets_is_damage(folder):
    open_images(Counting(), Request())
    next(folder.glob("*/meta.json")).write_text("[" * 200_000)
    source = Counting()
    open_images(source, Request())
    assert source.loaded == 1


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_whatever_stands_where_an_entry_belongs_makes_way(folder, tmp_path, kind):
    open_images(Counting(), Request())
    entry = next(path for path in folder.iterdir() if path.is_dir())
    shutil.rmtree(entry)
    elsewhere = tmp_path / "elsewhere"
    if kind == "file":
        entry.write_text("")
    else:
        entry.symlink_to(elsewhere)
        if kind == "link":
            elsewhere.mkdir()
    assert len(open_images(Counting(), Request()).labels) == 3
    assert not entry.is_symlink()
    assert kind != "link" or elsewhere.is_dir()


def test_images_that_do_not_fit_into_memory_are_a_clear_error():
    class Huge(Counting):
        def load(self, request):
            raise MemoryError

    with pytest.raises(DataError, match="do not fit into memory") as error:
        open_images(Huge(), Request())
    assert error.value.key == "image_size"


def test_who_keeps_a_process_waiting_is_said(folder, monkeypatch, caplog):
    monkeypatch.setattr("cnnbench.data.sources.cache.PATIENCE", 0.01)
    source = Counting()

    class Holding(Counting):
        def load(self, request):
            waiter = threading.Thread(target=open_images, args=(source, Request()))
            waiter.start()
            while not caplog.records:
                waiter.join(0.01)
            self.waiter = waiter
            return super().load(request)

    holder = Holding()
    open_images(holder, Request())
    holder.waiter.join()
    assert "decoding the images of source counting; waiting for it" in caplog.text
    assert str(folder) in caplog.text
    assert source.loaded == 0
