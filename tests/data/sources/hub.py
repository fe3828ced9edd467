"""A stand-in for Hugging Face's catalogue on this machine: one set of a few files."""

import hashlib
import json
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

SHA = "1" * 40


class Catalogue(BaseHTTPRequestHandler):
    """name: of the set. files: {path: content}."""

    protocol_version = "HTTP/1.1"

    def __init__(self, name, files, *arguments):
        self.name, self.files = name, files
        super().__init__(*arguments)

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body=b""):
        address = urlsplit(self.path)
        path = unquote(address.path)
        api, resolve = f"/api/datasets/{self.name}", f"/datasets/{self.name}/resolve/"
        if path in (api, f"{api}/revision/main", f"{api}/revision/{SHA}"):
            listed = [{"rfilename": file} for file in self.files]
            self._json({"_id": "1", "id": self.name, "sha": SHA, "siblings": listed, "tags": []})
        elif path.startswith(f"{api}/tree/"):
            below = path.removeprefix(f"{api}/tree/").partition("/")[2]
            self._json(self._tree(below, whole="recursive=true" in address.query.lower()))
        elif path.startswith(f"{api}/paths-info/"):
            self._json([self._info(file) for file in self.files if file in _paths(body)])
        elif path.startswith(resolve):
            self._file(path.removeprefix(resolve).partition("/")[2])
        else:
            self._json({"error": "not found"}, 404, {"X-Error-Code": "RepoNotFound"})

    def _tree(self, below, *, whole):
        found = {}
        for file in self.files:
            if below and not file.startswith(f"{below}/"):
                continue
            rest = file.removeprefix(f"{below}/" if below else "")
            folder = f"{below}/{rest}" if below else rest
            first = folder[: len(folder) - len(rest)] + rest.partition("/")[0]
            if "/" in rest:
                found[first] = {"type": "directory", "path": first, "size": 0, "oid": SHA}
            if "/" not in rest or whole:
                found[file] = self._info(file)
        return list(found.values())

    def _info(self, file):
        content = self.files[file]
        return {"type": "file", "path": file, "size": len(content), "oid": _oid(content)}

    def _file(self, file):
        if file not in self.files:
            self._json({"error": "no such file"}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        content = self.files[file]
        self._send(content, 200, {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": SHA})

    def _json(self, content, status=200, headers=()):
        self._send(json.dumps(content).encode(), status, dict(headers))

    def _send(self, content, status, headers):
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


def _oid(content):
    return hashlib.sha1(content).hexdigest()  # noqa: S324 - as git does


def _paths(body):
    try:
        return json.loads(body)["paths"]
    except ValueError:
        return parse_qs(body.decode()).get("paths", [])


@contextmanager
def serving(name, files):
    """The address of a server that has the set with these files, {path: content}."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Catalogue, name, files))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
