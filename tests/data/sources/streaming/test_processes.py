"""Folders decoded by several processes: the same as by one, whatever becomes of them."""

import os
import shutil
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from cnnbench.data.sources import _decoders

from .conftest import SIZE, by_pillow, in_order, opened


@pytest.fixture
def on_all_cores(monkeypatch):
    monkeypatch.setattr(_decoders, "ALONE", 0.0)
    monkeypatch.setattr(_decoders, "usable_cores", lambda: 3)


@pytest.mark.slow
def test_many_processes_decode_to_the_same(photos, on_all_cores, tmp_path, monkeypatch):
    several = opened(photos)
    expected = np.stack([by_pillow(path) for path in in_order(photos)])
    np.testing.assert_array_equal(several.images, expected)
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "other"))
    monkeypatch.setattr(_decoders, "usable_cores", lambda: 1)
    assert opened(photos).digest == several.digest


@pytest.mark.slow
def test_a_file_that_ends_the_process_that_decodes_it_is_unreadable(
    photos, on_all_cores, monkeypatch, tmp_path
):
    """As a decoder's own bug would; the process is made to die by a start-up file."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        textwrap.dedent("""
            import os, sys
            if "cnnbench.data.sources._decoder" in " ".join(sys.orig_argv):
                from PIL import Image
                opened = Image.open
                def fatal(path, *rest, **keys):
                    if str(path).endswith("04.jpg"):
                        os.abort()
                    return opened(path, *rest, **keys)
                Image.open = fatal
        """)
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    cached = opened(photos)
    assert (
        "1 of 40 images can't be read and are skipped: cat/04.jpg (decoding it ends"
        in (cached.notes[0])
    )
    assert len(cached.images) == 39


def test_where_no_process_can_be_started_this_one_decodes(photos, on_all_cores, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert len(opened(photos).images) == 40


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "processes"), [(".zip", 3), (".tar", 3), (".tar.gz", 0)])
def test_archives_are_decoded_by_processes_unless_each_would_unpack_all_of_it(
    photos, on_all_cores, monkeypatch, suffix, processes
):
    started = []
    hire = _decoders._Crew._hire
    monkeypatch.setattr(_decoders._Crew, "_hire", lambda self: started.append(0) or hire(self))
    kinds = {".zip": "zip", ".tar": "tar", ".tar.gz": "gztar"}
    shutil.make_archive(str(photos), kinds[suffix], photos.parent, photos.name)
    expected = np.stack([by_pillow(path) for path in in_order(photos)])
    np.testing.assert_array_equal(opened(photos.with_name(photos.name + suffix)).images, expected)
    assert len(started) == processes


def test_processes_that_die_at_once_are_done_without(photos, on_all_cores, monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    cached = opened(photos)
    assert (len(cached.images), cached.notes) == (40, ())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_disk_that_fills_up_under_several_processes_is_a_clear_error(photos, cache):
    code = textwrap.dedent(f"""
        import resource
        from cnnbench.data.sources import _decoders, _rows
        from cnnbench.data.sources.cache import open_images
        from cnnbench.data.sources.folder import Folder
        from cnnbench.data.sources.source import Request
        from cnnbench.errors import DataError
        _decoders.ALONE, _decoders.usable_cores = 0.0, lambda: 2
        hire = _decoders._Crew._hire
        def limited(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))
            hire(self)
        _decoders._Crew._hire = limited
        try:
            open_images(Folder(), Request({str(photos)!r}, {SIZE}))
        except DataError as error:
            print(error)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "File too large" in done.stdout, done.stderr
    assert not [path for path in cache.iterdir() if path.is_dir()]


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them(photos, cache):
    code = textwrap.dedent(f"""
        import os
        from cnnbench.data.sources import _decoders, _filling
        from cnnbench.data.sources.cache import open_images
        from cnnbench.data.sources.folder import Folder
        from cnnbench.data.sources.source import Request
        _filling.PAUSE, _decoders.ALONE, _decoders.usable_cores = 0.0, 0.0, lambda: 2
        begin = _decoders._Decoder.__init__
        def told(self, *given):
            begin(self, *given)
            print(self._process.pid, flush=True)
        _decoders._Decoder.__init__ = told
        open_images(
            Folder(), Request({str(photos)!r}, {SIZE}), watch=lambda _: os.kill(os.getpid(), 9)
        )
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    started = [int(line) for line in done.stdout.split()]
    assert len(started) == 2, done.stderr
    until = time.monotonic() + 300
    while any(is_running(number) for number in started):
        assert time.monotonic() < until
        time.sleep(0.05)


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{number}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().split()[2] != "Z"
    except OSError:
        return False
