"""Downloads over HTTP against a real local server that cuts, refuses, lies and dawdles."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskbench.datasets.download import cache_folder
from maskbench.datasets.url import Refused, Unreachable, from_url
from maskbench.errors import MaskbenchError

CONTENT = random.Random(0).randbytes(1_000_000)  # as the server has it
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def get(server, sha256: str = SHA256, **options) -> Path:
    return from_url(server.url(), "w.pth", sha256, **{"pause": 0.01, "timeout": 5, **options})


def cached() -> list[str]:
    return sorted(path.name for path in (cache_folder() / "files").glob("*"))


def test_whole_file(server) -> None:
    assert get(server).read_bytes() == CONTENT
    assert server.asked == [None] and cached() == ["w.pth"]


def test_no_request_when_it_is_there(server) -> None:
    get(server)
    get(server)
    assert len(server.asked) == 1


def test_the_first_eight_digits_suffice_but_are_checked(server) -> None:
    assert get(server, SHA256[:8]).read_bytes() == CONTENT
    with pytest.raises(MaskbenchError, match="sha256"):
        get(server, "0" * 8)
    with pytest.raises(ValueError):
        get(server, SHA256[:7])


def test_goes_on_where_the_connection_was_cut(server) -> None:
    server.cut_after = 300_000
    assert get(server).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_later_call_goes_on_too(server) -> None:
    server.cut_after = 400_000
    with pytest.raises(Unreachable, match="kept"):
        get(server, attempts=1)
    assert cached() == ["w.pth.part"]
    server.cut_after = None
    assert get(server).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=400000-"] and cached() == ["w.pth"]


def test_cut_without_announced_length_is_caught_by_the_checksum(server) -> None:
    server.announce, server.cut_after = False, 400_000
    with pytest.raises(MaskbenchError, match="sha256"):
        get(server)
    assert cached() == []


def test_server_that_ignores_ranges(server) -> None:
    server.cut_after, server.ranges = 400_000, False
    with pytest.raises(Unreachable):
        get(server, attempts=1)
    server.cut_after = None
    assert get(server).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=400000-"]


def test_a_part_of_another_file_is_thrown_away(server) -> None:
    for stale in (b"x" * 5000, b"x" * 2_000_000, CONTENT + b"more", CONTENT):
        part = cache_folder() / "files" / "w.pth.part"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(stale)
        assert get(server).read_bytes() == CONTENT
        (cache_folder() / "files" / "w.pth").unlink()


def test_wrong_content_never_reaches_the_cache(server) -> None:
    server.content = b"<html>please log in</html>"
    with pytest.raises(MaskbenchError, match="pinned sha256"):
        get(server)
    assert cached() == [] and len(server.asked) == 1


def test_damaged_cache_is_replaced(server) -> None:
    get(server).write_bytes(CONTENT[:-1])
    assert get(server).read_bytes() == CONTENT


def test_404_is_final_and_500_is_not(server) -> None:
    server.statuses = (404,)
    with pytest.raises(Refused, match=r"404; put the file at .*w\.pth"):
        get(server)
    assert len(server.asked) == 1
    server.statuses = (404, 500, 503, 429)
    assert get(server).read_bytes() == CONTENT
    assert len(server.asked) == 5


def test_gives_up_after_the_last_attempt(server) -> None:
    server.statuses = (500,) * 9
    with pytest.raises(Unreachable, match="could not be reached"):
        get(server, attempts=3)
    assert len(server.asked) == 3


def test_pauses_double(server) -> None:
    server.statuses = (500, 500)
    began = time.perf_counter()
    get(server, pause=0.1)
    assert time.perf_counter() - began >= 0.3


def test_second_address(server) -> None:
    server.statuses = (404,)
    path = from_url([server.url("a"), server.url("b")], "w.pth", SHA256, pause=0.01)
    assert path.read_bytes() == CONTENT


def test_slow_server_is_waited_for_and_a_silent_one_is_not(server) -> None:
    server.block_pause = 0.02
    assert get(server, timeout=0.3).read_bytes() == CONTENT  # 0.4 s in all, never 0.3 s silent
    (cache_folder() / "files" / "w.pth").unlink()
    server.block_pause = 60.0
    began = time.perf_counter()
    with pytest.raises(Unreachable):
        get(server, timeout=0.2, attempts=1)
    assert time.perf_counter() - began < 30


def test_silence_is_not_tried_again_where_it_is_too_dear(server) -> None:
    server.block_pause = 60.0
    with pytest.raises(Unreachable):
        get(server, timeout=0.2, attempts=3, retry_silence=False)
    assert len(server.asked) == 1


@pytest.fixture
def torn_tls(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A TLS server whose connection turns to garbage behind the first 1000 bytes of a file."""
    pair = tmp_path / "pair.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    subprocess.run(
        [*command, "-keyout", pair, "-out", f"{pair}.crt"], check=True, stderr=subprocess.DEVNULL
    )
    monkeypatch.setenv("SSL_CERT_FILE", f"{pair}.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pair}.crt", pair)
    listener = socket.create_server(("localhost", 0))

    def serve() -> None:
        while True:
            try:
                connection = context.wrap_socket(listener.accept()[0], server_side=True)
            except OSError:  # the listener is closed
                return
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            connection.sendall(CONTENT[:1000])
            time.sleep(0.1)
            os.write(connection.fileno(), b"no TLS record at all " * 50)
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://localhost:{listener.getsockname()[1]}/w.pth"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_torn_tls_connection_is_a_broken_one(torn_tls: str) -> None:
    with pytest.raises(Unreachable, match=r"localhost:[0-9]+ could not be reached"):
        from_url(torn_tls, "w.pth", SHA256, attempts=2, pause=0.01)


def test_nobody_listens(cache: Path) -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 could not be reached"):
        from_url("http://127.0.0.1:9/w.pth", "w.pth", SHA256, attempts=2, pause=0.01)


def download_elsewhere(server) -> subprocess.Popen:
    code = (
        "from maskbench.datasets.url import from_url\n"
        f"print(from_url({server.url()!r}, 'w.pth', {SHA256!r}))"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_killed_and_started_again(server) -> None:
    server.block_pause = 0.1
    run = download_elsewhere(server)
    part = cache_folder() / "files" / "w.pth.part"
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    have = part.stat().st_size
    assert 0 < have < len(CONTENT)
    server.block_pause = 0.0
    assert get(server).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={have}-"]


def test_two_processes_download_once(server) -> None:
    server.block_pause = 0.05
    runs = [download_elsewhere(server) for _ in range(2)]
    paths = {run.communicate(timeout=60)[0] for run in runs}
    assert len(paths) == 1 and len(server.asked) == 1


def in_pieces(server, **options) -> Path:
    return get(server, pieces=3, **options)


def test_a_large_file_comes_in_pieces_side_by_side(server) -> None:
    server.block_pause = 0.02
    assert in_pieces(server).read_bytes() == CONTENT
    spans = {"bytes=0-333332", "bytes=333333-666665", "bytes=666666-999999"}
    assert server.asked[0] == "bytes=0-0" and set(server.asked[1:]) == spans
    assert cached() == ["w.pth"]


def test_pieces_go_on_where_they_were_cut(server) -> None:
    server.cut_after = 200_000
    with pytest.raises(Unreachable, match="kept"):
        in_pieces(server, attempts=1)
    assert len(cached()) == 3
    server.cut_after = None
    assert in_pieces(server).read_bytes() == CONTENT
    rest = {"bytes=200000-333332", "bytes=533333-666665", "bytes=866666-999999"}
    assert set(server.asked[-3:]) == rest and cached() == ["w.pth"]


def test_killed_while_pieces_are_put_together(server) -> None:
    """The first piece holds the beginning of the second; then the whole, and the others remain."""
    folder = cache_folder() / "files"
    folder.mkdir(parents=True)
    (folder / "w.pth.part.1000000.0").write_bytes(CONTENT[:400_000])
    for name, content in (("333333", CONTENT[333_333:666_666]), ("666666", CONTENT[666_666:])):
        (folder / f"w.pth.part.1000000.{name}").write_bytes(content)
    assert in_pieces(server).read_bytes() == CONTENT
    assert server.asked == ["bytes=0-0"] and cached() == ["w.pth"]
    (folder / "w.pth").rename(folder / "w.pth.part")
    (folder / "w.pth.part.1000000.333333").write_bytes(CONTENT[333_333:666_666])
    assert in_pieces(server).read_bytes() == CONTENT
    assert server.asked == ["bytes=0-0"] and cached() == ["w.pth"]


def test_pieces_of_another_file_are_thrown_away(server) -> None:
    server.cut_after = 200_000
    with pytest.raises(Unreachable):
        in_pieces(server, attempts=1)
    server.cut_after, server.content = None, CONTENT[::-1]
    reversed_sha = hashlib.sha256(CONTENT[::-1]).hexdigest()
    assert in_pieces(server, sha256=reversed_sha).read_bytes() == CONTENT[::-1]
    assert cached() == ["w.pth"]


def test_without_ranges_a_large_file_comes_in_one(server) -> None:
    server.ranges = False
    assert in_pieces(server).read_bytes() == CONTENT
    assert server.asked == ["bytes=0-0", None]


def test_pieces_are_refused_as_a_whole_file_is(server) -> None:
    server.statuses = (404, 404)
    with pytest.raises(Refused, match=r"404; put the file at .*files/w\.pth yourself"):
        in_pieces(server)
    server.statuses = (*server.statuses, 500, 429, 503)  # passes
    assert in_pieces(server).read_bytes() == CONTENT
    (cache_folder() / "files" / "w.pth").unlink()
    server.content = b"x" * len(CONTENT)
    with pytest.raises(Refused, match="pinned sha256"):
        in_pieces(server)
    assert cached() == []


def test_silent_pieces_are_given_up(server) -> None:
    server.block_pause = 60.0
    with pytest.raises(Unreachable, match="kept"):
        in_pieces(server, timeout=0.2, attempts=1)
    assert sorted(path.stat().st_size for path in cache_folder().glob("files/*")) == [50_000] * 3
