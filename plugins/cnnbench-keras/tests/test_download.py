from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cnnbench.plugin import DataError
from cnnbench_keras._data.catalog import RemoteFile
from cnnbench_keras._data.files import obtain

CONTENT = b"four thousand digits"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(tmp_path):
    """The address of a server that has one file."""
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "set.npz").write_bytes(CONTENT)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_missing_file_is_downloaded_to_where_keras_keeps_it(server, datasets):
    path = obtain(RemoteFile("some/set.npz", f"{server}/set.npz", DIGEST))
    assert path == datasets / "some" / "set.npz"
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_there_is_not_downloaded(datasets):
    (datasets / "older-name.npz").write_bytes(b"mine")
    file = RemoteFile("set.npz", "http://127.0.0.1:1/set.npz", DIGEST, also=("older-name.npz",))
    assert obtain(file) == datasets / "older-name.npz"


def test_half_a_download_is_not_kept(datasets):
    class Cut(SimpleHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(2 * len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Cut) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{running.server_address[1]}/set.npz"
        with pytest.raises(DataError, match=r"\(only 20 of 40 bytes came\)"):
            obtain(RemoteFile("set.npz", url))
        running.shutdown()
    assert list(datasets.iterdir()) == []


def test_another_file_than_the_published_one_is_refused(server, datasets):
    with pytest.raises(DataError, match="is not the published file"):
        obtain(RemoteFile("set.npz", f"{server}/set.npz", "0" * 64))
    assert list(datasets.iterdir()) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/set.npz", "{server}/nothing.npz"])
def test_without_the_server_the_sentence_says_which_file_goes_where(server, datasets, address):
    url = address.format(server=server)
    with pytest.raises(DataError) as caught:
        obtain(RemoteFile("set.npz", url))
    assert f"there is no file {datasets / 'set.npz'}, and {url} can't be" in str(caught.value)
    assert "put it in that place" in str(caught.value)
    assert list(datasets.iterdir()) == []


def test_a_folder_that_can_t_be_written_is_told(server, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("KERAS_HOME", str(blocked))
    with pytest.raises(DataError, match="there is no file"):
        obtain(RemoteFile("set.npz", f"{server}/set.npz"))
