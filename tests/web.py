"""A web server on this machine, for tests of downloads: it drops connections and is busy as it is told to."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TYPES = {
    ".mp4": "video/mp4",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".ts": "video/mp2t",
    ".rss": "application/rss+xml",
}


class Server(ThreadingHTTPServer):
    """Serves a folder.

    Attributes
    ----------
    statuses : dict of str to list of int
        With what to answer the next requests of a path; then, and if there is nothing, with the file.
    drops : dict of str to int
        How many answers with the file of a path end in its middle.
    asked : Counter
        How often each path was asked for.
    ranges : list of str
        From where downloads were continued.
    """

    def __init__(self, folder: Path):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.statuses: dict[str, list[int]] = {}
        self.drops: dict[str, int] = {}
        self.asked: Counter[str] = Counter()
        self.ranges: list[str] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    """Answers with a file, or a part of it."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        self.server.asked[self.path] += 1
        file = self.server.folder / self.path.lstrip("/")
        statuses = self.server.statuses.get(self.path) or [200 if file.is_file() else 404]
        status = statuses.pop(0)
        if status != 200:
            self.send_response(status)
            self.send_header("Connection", "close")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = file.read_bytes()
        first = 0
        if asked := self.headers.get("Range"):
            first = int(asked.removeprefix("bytes=").split("-")[0])
            if first:
                self.server.ranges.append(asked)
        self.send_response(206 if asked else 200)
        # Or a client may ask again just as the connection is closed.
        self.send_header("Connection", "close")
        self.send_header("Content-Type", TYPES[file.suffix])
        self.send_header("Content-Length", str(len(content) - first))
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if with_body:
            left = self.server.drops.get(self.path, 0)
            # The first kilobyte tells what kind of file it is, for which it is asked for by itself.
            if left and not first and self.server.asked[self.path] > 1:
                self.server.drops[self.path] = left - 1
                self.wfile.write(content[: len(content) // 2])
            else:
                self.wfile.write(content[first:])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve a folder on this machine's own address."""
    with Server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
