"""Two real servers for downloads: a folder that pip takes for its index, and an HTTP server."""

from __future__ import annotations

import io
import random
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

_METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


class PackageIndex:
    """Tiny archives in a folder, which the real pip downloads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def wheel(self, name: str, members: dict[str, bytes], version: str = "1.0") -> Path:
        """Write a wheel with these members."""
        path = self.folder / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
            archive.writestr(f"{info}/METADATA", _METADATA.format(name=name, version=version))
            archive.writestr(f"{info}/WHEEL", tags)
            archive.writestr(f"{info}/RECORD", "")
        return path

    def sdist(
        self, name: str, members: dict[str, bytes], setup: str = "", version: str = "1.0"
    ) -> Path:
        """Write a source archive with these members; ``setup`` runs at the top of its setup.py."""
        path = self.folder / f"{name}-{version}.tar.gz"
        top = f"{name}-{version}"
        script = (
            f"{setup}\nfrom setuptools import setup\nsetup(name={name!r}, version={version!r})\n"
        )
        every = {
            f"{top}/setup.py": script.encode(),
            f"{top}/PKG-INFO": _METADATA.format(name=name, version=version).encode(),
            **members,
        }
        with tarfile.open(path, "w:gz") as archive:
            for member, content in every.items():
                entry = tarfile.TarInfo(member)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own."""
    monkeypatch.setenv("MASKBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> PackageIndex:
    """An index beside which pip sees no other, and an empty cache."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    return PackageIndex(tmp_path / "links")


CONTENT = random.Random(0).randbytes(1_000_000)


class Server(ThreadingHTTPServer):
    """Serves CONTENT at every path. The attributes say how badly."""

    content = CONTENT
    ranges = True  # False: the Range header is ignored
    cut_after: int | None = None  # bytes after which the connection is closed, in every answer
    statuses: tuple[int, ...] = ()  # answers to the first requests
    block_pause = 0.0  # seconds between blocks of 50 kB
    announce = True  # send Content-Length

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str | None] = []  # Range header of each request

    def url(self, name: str = "w.pth") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"

    def handle_error(self, request, client_address) -> None:
        """Connections that the tests cut are no errors."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append(wanted)
        if len(server.asked) <= len(server.statuses):
            self.send_error(server.statuses[len(server.asked) - 1])
            return
        size = len(server.content)
        asked = wanted.removeprefix("bytes=") if wanted and server.ranges else "0-"
        begin, end = int(asked.split("-")[0]), int(asked.split("-")[1] or size - 1) + 1
        if begin >= size:
            self.send_error(416)
            return
        body = server.content[begin:end]
        partial = asked != "0-"
        self.send_response(206 if partial else 200)
        if partial:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
        if server.announce:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for start in range(0, len(body[: server.cut_after]), 50_000):
            stop = min(start + 50_000, server.cut_after or len(body))
            self.wfile.write(body[start:stop])
            time.sleep(server.block_pause)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server(cache: Path) -> Iterator[Server]:
    """A server on this machine, and an empty cache."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
