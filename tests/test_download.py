"""A download is whole or not there, and goes on where it stopped."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cnnbench.download import DownloadError, download

CONTENT = bytes(range(256)) * 40
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


class Stand(ThreadingHTTPServer):
    """breaks: after how many bytes the next answers end. ranges: whether parts can be asked for."""

    ranges = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked = []
        self.breaks = []


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        if self.path != "/file":
            self.send_error(404)
            return
        start = int(wanted.split("=")[1].rstrip("-")) if wanted and self.server.ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        breaks = self.server.breaks.pop() if self.server.breaks else None
        self.wfile.write(CONTENT[start:] if breaks is None else CONTENT[start : start + breaks])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Stand() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        running.url = f"http://127.0.0.1:{running.server_address[1]}/file"
        yield running
        running.shutdown()


def test_a_file_comes_whole_and_alone(server, tmp_path):
    target = tmp_path / "models" / "file"
    download(server.url, target, md5=MD5)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_file_that_is_there_is_not_asked_for(server, tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"mine")
    download(server.url, target, md5=MD5)
    assert target.read_bytes() == b"mine"
    assert server.asked == []


@pytest.mark.parametrize("ranges", [True, False])
def test_half_a_file_is_never_used_and_gone_on_with(server, tmp_path, ranges):
    server.breaks, server.ranges = [1000], ranges
    target = tmp_path / "file"
    with pytest.raises(DownloadError, match="only 1,000 of 10,240 bytes came"):
        download(server.url, target, md5=MD5)
    assert [path.name for path in tmp_path.iterdir()] == ["file.part"]
    download(server.url, target, md5=MD5)
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1000-"]


def test_a_part_that_is_whole_already_is_taken(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT)
    download(server.url, tmp_path / "file", md5=MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_another_file_than_the_stated_one_is_thrown_away(server, tmp_path, algorithm):
    with pytest.raises(DownloadError, match=f"not the published file, its {algorithm} being"):
        download(server.url, tmp_path / "file", **{algorithm: "0" * 32})
    assert list(tmp_path.iterdir()) == []


def test_several_who_download_at_once_and_fail_go_on_in_turn_and_leave_the_file_alone(
    server, tmp_path
):
    server.breaks = [3000] * 3
    target = tmp_path / "file"

    def insist():
        while not target.exists():
            with suppress(DownloadError):
                download(server.url, target, md5=MD5)

    with ThreadPoolExecutor() as pool:
        for ended in [pool.submit(insist) for _ in range(3)]:
            ended.result()
    assert server.asked == [None, "bytes=3000-", "bytes=6000-", "bytes=9000-"]
    assert target.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]


def test_why_nothing_came_is_told(server, tmp_path):
    with pytest.raises(DownloadError, match="404"):
        download(f"{server.url}s", tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DownloadError, match=r"^no connection: Connection refused$"):
        download("http://127.0.0.1:1/file", tmp_path / "file")
    (tmp_path / "blocked").touch()
    with pytest.raises(DownloadError):
        download(server.url, tmp_path / "blocked" / "file")
