"""Resumable, checked downloads over HTTP into the cache.

When the connection breaks or the process dies, what has arrived stays in ``<file>.part``, and the
next attempt asks for the rest (``Range``). A server without ranges starts from the beginning. A
large file may be fetched in pieces side by side, which are kept and resumed one by one.
Only a file with the pinned sha256 leaves the ``.part`` stage.

Own code, not pooch: pooch 1.8 neither resumes, nor fetches pieces, nor locks its cache against
other processes, nor takes the beginning of a checksum, and tells no silent host from one that
refuses.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from maskbench.artifacts import remove
from maskbench.datasets.download import cache_folder, locked, matches
from maskbench.errors import MaskbenchError, from_os_error

_BLOCK = 1 << 18  # bytes
log = logging.getLogger(__name__)


class Unreachable(MaskbenchError):
    """No address gave the file: the network or the server is at fault.

    ``answered``: a server was there and refused (as with 404).
    """

    answered = False


class Refused(Unreachable):
    """A server answered, but not with the file."""

    answered = True


def from_url(
    urls: str | Sequence[str],
    file: str,
    sha256: str,
    *,
    attempts: int = 4,
    timeout: float = 30.0,
    pause: float = 1.0,
    retry_silence: bool = True,
    pieces: int = 1,
) -> Path:
    """The cached file with this checksum, downloaded from the first of ``urls`` that gives it.

    Args:
        urls: http(s) addresses of the same content, tried in turn.
        file: the name in the cache.
        sha256: hex digits; at least the first 8 where no more are known (as PyTorch's own file
            names carry them).
        attempts: tries per address after server errors (5xx, 408, 429), broken connections and
            time-outs.
        timeout: seconds without a single byte after which a try is given up.
        pause: seconds before the second try; doubled for each further one.
        retry_silence: False: a time-out is an address's last try. Refused and broken connections
            fail at once and cost little to try again; silence costs ``timeout`` each time.
        pieces: how many are fetched side by side, where the server has ranges.

    Raises:
        Unreachable: no address answered.
        Refused: one answered, but with an error or with content of another checksum (of which
            nothing is kept).
        MaskbenchError: the cache cannot be written.
    """
    urls = [urls] if isinstance(urls, str) else list(urls)
    if len(sha256) < 8:
        raise ValueError("sha256: at least 8 hex digits")
    target = cached(file)
    if matches(target, sha256):
        return target
    with locked(file):
        if matches(target, sha256):  # another process was faster
            return target
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            remove(target)
            return _first_that_works(
                urls, target, sha256, _Patience(attempts, timeout, pause, retry_silence, pieces)
            )
        except MaskbenchError:
            raise
        except OSError as error:
            raise from_os_error(error, error.filename or target, writing=True) from error


def cached(file: str) -> Path:
    """Where the cache has a file, or would have it."""
    return cache_folder() / "files" / file


class _Patience(NamedTuple):
    """How long to try one address; see :func:`from_url`."""

    attempts: int
    timeout: float
    pause: float
    retry_silence: bool
    pieces: int


def _first_that_works(
    urls: Sequence[str],
    target: Path,
    sha256: str,
    patience: _Patience,
) -> Path:
    failures: list[MaskbenchError] = [
        Unreachable(target.name, "no address left to try", f"put the file at {target}")
    ]
    for url in urls:
        try:
            with _progress() as progress:
                return _from_one(url, target, sha256, patience, progress)
        except MaskbenchError as error:
            log.info("%s", error)
            failures.append(error)
    raise failures[-1]


def _from_one(url: str, target: Path, sha256: str, patience: _Patience, progress: Progress) -> Path:
    part = target.with_name(target.name + ".part")
    while True:
        resumed = part.exists() and part.stat().st_size > 0
        if not matches(part, sha256):  # it does after a kill behind its last byte
            pieces = [] if resumed or patience.pieces < 2 else _pieces(url, part, patience)
            if pieces:
                resumed = any(piece.file.exists() for piece in pieces)
                _together(url, pieces, part, patience, progress)
            else:
                _fetched(url, _Piece(part), patience, progress)
        whole = matches(part, sha256)
        for rest in part.parent.glob(f"{part.name}.*"):  # its pieces, and those of an older file
            remove(rest)
        if whole:
            part.replace(target)
            return target
        remove(part)
        if not resumed:  # a resumed part may have belonged to an older file: begin anew
            raise Refused(
                url,
                f"the file does not have the pinned sha256 {sha256}; nothing was kept",
                "a proxy may have answered in its place; try again or report it",
            )


class _Piece(NamedTuple):
    """The bytes ``begin`` to ``end`` (None: all that follow) of an address, and their file."""

    file: Path
    begin: int = 0
    end: int | None = None


def _pieces(url: str, part: Path, patience: _Patience) -> list[_Piece]:
    """How an address is cut to be fetched at once; [] where it is small, or has no ranges."""
    request = _request(url, "bytes=0-0")
    try:
        with _network(), urllib.request.urlopen(request, timeout=patience.timeout) as response:
            total = (response.headers.get("Content-Range") or "").rpartition("/")[2]
    except (urllib.error.HTTPError, HTTPException):
        return []  # the plain way tells what is wrong
    size, count = int(total) if total.isdigit() else 0, patience.pieces
    if size < count * _BLOCK:
        return []
    ends = [size * number // count for number in range(count + 1)]
    return [
        _Piece(part.with_name(f"{part.name}.{size}.{begin}"), begin, end)
        for begin, end in pairwise(ends)
    ]


def _together(
    url: str, pieces: Sequence[_Piece], part: Path, patience: _Patience, progress: Progress
) -> None:
    """Fetch the pieces side by side, and put them together in ``part``."""
    with ThreadPoolExecutor(len(pieces)) as pool:
        fetching = [pool.submit(_fetched, url, piece, patience, progress) for piece in pieces]
    for one in fetching:  # each went as far as it could
        one.result()
    with open(pieces[0].file, "ab") as whole:
        for piece in pieces[1:]:
            with open(piece.file, "rb") as file:
                shutil.copyfileobj(file, whole)
    pieces[0].file.replace(part)


def _fetched(url: str, piece: _Piece, patience: _Patience, progress: Progress) -> None:
    """Fetch what is missing of a piece, trying again after what may pass."""
    for attempt in range(patience.attempts):
        if attempt:
            time.sleep(patience.pause * 2 ** (attempt - 1))
        try:
            _transfer(url, piece, patience.timeout, progress)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:  # the part is longer than the file: it is no part of it
                remove(piece.file)
            elif error.code < 500 and error.code not in (408, 429):
                target = piece.file.with_name(piece.file.name.partition(".part")[0])
                raise Refused(
                    url, f"the server answers {error.code}", f"put the file at {target} yourself"
                ) from error
        except _Silent:
            if not patience.retry_silence:
                break
        except HTTPException:
            continue
    host = urlsplit(url).netloc
    raise Unreachable(
        url, f"{host} could not be reached", "try again later: what has arrived is kept"
    )


class _Incomplete(HTTPException):
    """The connection ended before the announced length."""


class _Broken(HTTPException):
    """The network failed."""


class _Silent(_Broken):
    """No byte came in time."""


@contextmanager
def _network() -> Iterator[None]:
    """Tell the network's failures from the disk's: the system knows both as OSError, TLS's too."""
    try:
        yield
    except urllib.error.HTTPError:
        raise
    except OSError as error:
        kind = _Silent if isinstance(getattr(error, "reason", error), TimeoutError) else _Broken
        raise kind(str(error)) from error


def _transfer(url: str, piece: _Piece, timeout: float, progress: Progress) -> None:
    """Append to a piece's file what is still missing of it."""
    have = piece.file.stat().st_size if piece.file.exists() else 0
    wanted = None if piece.end is None else piece.end - piece.begin
    if wanted is not None and have >= wanted:
        os.truncate(piece.file, wanted)  # the next pieces were being put behind it
        return
    last = "" if piece.end is None else piece.end - 1
    start = piece.begin + have
    request = _request(url, f"bytes={start}-{last}" if start or wanted else "")
    with _network():
        response = urllib.request.urlopen(request, timeout=timeout)
    with response:
        if (start or wanted) and not _continues(response, start):
            if wanted is not None:
                raise _Incomplete("the server gives no ranges any more")
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        with open(piece.file, "ab" if have else "wb") as file:
            task = progress.add_task(piece.file.stem, total=total, completed=have)
            try:
                while block := _read(response):
                    file.write(block)
                    progress.advance(task, len(block))
            finally:
                progress.remove_task(task)
    if (wanted or total or 0) > piece.file.stat().st_size:
        raise _Incomplete(f"{piece.file.stat().st_size} of {wanted or total} bytes")


def _request(url: str, wanted: str) -> urllib.request.Request:
    request = urllib.request.Request(url, headers={"User-Agent": "maskbench"})
    if wanted:
        request.add_header("Range", wanted)
    return request


def _read(response: HTTPResponse) -> bytes:
    with _network():
        return response.read1(_BLOCK)  # what has come: a stall must not lose it


def _continues(response: HTTPResponse, have: int) -> bool:
    """Whether the answer goes on exactly where our part ends."""
    begins = (response.headers.get("Content-Range") or "").removeprefix("bytes ").split("-")[0]
    return response.status == 206 and begins == str(have)


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
