"""Unpacking archives that nobody vouches for: tar (gz, bz2, xz) and zip.

Only folders and regular files come out, below the folder that is asked for. A link, a device, a
path that leaves the folder, or more than pictures can be: the archive is refused, nothing is kept.
"""

from __future__ import annotations

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from maskbench.errors import MaskbenchError, from_os_error

MOST_FILES = 5_000_000  # VGGFace2 has 3.3 million
MOST_TIMES = 20  # bytes out of each byte in; pictures are compressed already
SPARE = 100_000_000  # bytes that any archive may hold
_TARS = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)


class _Entry(NamedTuple):
    name: str
    size: int
    plain: bool  # a folder or a regular file


def unpack(archive: Path, out: Path) -> None:
    """Unpack an archive into an existing folder.

    Raises:
        MaskbenchError: it is no such archive, is damaged or encrypted, would leave the folder, or
            holds links, devices, or more files or bytes than a collection of pictures has.
    """
    archive, out = Path(archive), Path(out)
    try:
        # First: a tar that ends with a zip passes for a zip as well.
        is_tar = tarfile.is_tarfile(archive)
        if not is_tar and zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                _check(archive, map(_of_zip, zipped.infolist()), out)
                zipped.extractall(out)
        elif is_tar or archive.name.lower().endswith(_TARS):
            with tarfile.open(archive) as tar:
                _check(archive, map(_of_tar, tar), out)
                # Python 3.11.0 to 3.11.3 have no filters; all that they refuse was refused above.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                for member in tar.getmembers():
                    member.mode &= 0o755  # neither setuid nor writable for others
                    member.uid, member.gid = os.getuid(), os.getgid()
                    member.uname = member.gname = ""
                tar.extractall(out)
        else:
            raise MaskbenchError(
                archive, "is neither a tar nor a zip archive", "unpack it yourself"
            )
    except _DAMAGED as error:
        raise MaskbenchError(archive, f"is damaged: {error}", "fetch it again") from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown compression
        raise MaskbenchError(archive, f"cannot be read: {error}", "unpack it yourself") from error
    except OSError as error:
        raise from_os_error(error, error.filename or archive, writing=None) from error


def _of_zip(info: zipfile.ZipInfo) -> _Entry:
    kind = stat.S_IFMT(info.external_attr >> 16)
    return _Entry(info.filename, info.file_size, kind in (0, stat.S_IFREG, stat.S_IFDIR))


def _of_tar(member: tarfile.TarInfo) -> _Entry:
    return _Entry(member.name, member.size, member.isreg() or member.isdir())


def _check(archive: Path, entries: Iterable[_Entry], out: Path) -> None:
    """Look at all entries before any is written."""
    most = archive.stat().st_size * MOST_TIMES + SPARE
    files = size = 0
    for entry in entries:
        path = PurePosixPath(entry.name.replace("\\", "/"))
        if "\0" in entry.name:
            raise _hostile(archive, f"{entry.name!r} is no file's name")
        if path.is_absolute() or ".." in path.parts or path.as_posix()[1:2] == ":":
            raise _hostile(archive, f"{entry.name!r} would leave the folder")
        if not entry.plain:
            raise _hostile(archive, f"{entry.name!r} is neither a file nor a folder")
        files, size = files + 1, size + entry.size
        if files > MOST_FILES or size > most:
            raise _hostile(archive, f"more than {MOST_FILES:,} files, or than {most:,} bytes")
    if size > (free := shutil.disk_usage(out).free):
        raise MaskbenchError(out, f"{size:,} bytes to unpack, {free:,} free", "free some space")


def _hostile(archive: Path, why: str) -> MaskbenchError:
    return MaskbenchError(archive, f"{why}; nothing was unpacked", "do not trust this archive")


def tops(folder: Path) -> Iterator[Path]:
    """A folder, and the only folder in it, as far down as there is one alone."""
    yield folder
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    if len(inside) == 1 and inside[0].is_dir():
        yield from tops(inside[0])
