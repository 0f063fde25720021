"""Whole files or none: every step writes to a temporary place and renames it at the end.

Each folder made here lists its files in ``.maskbench``. What is not listed there is somebody
else's: it is never deleted or overwritten.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskbench.errors import MaskbenchError, from_os_error

if TYPE_CHECKING:
    import numpy as np

PARTIAL = ".partial"
LISTING = ".maskbench"
UNFINISHED = f"{LISTING}.unfinished"
WORKFLOW = "the workflow"
# What schedulers and file browsers leave in any folder.
_DEBRIS = frozenset({LISTING, ".snakemake_timestamp", ".DS_Store", "Thumbs.db", "desktop.ini"})


def _temporary(path: Path) -> Path:
    """The temporary sibling of a path: its name and the process between two dots."""
    name = path.name
    if len(os.fsencode(name)) > 200:  # a file name has 255 bytes
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return path.with_name(f".{name}.{os.getpid()}{PARTIAL}")


def _stale(path: Path) -> Iterator[Path]:
    """What killed runs left of ``path``: temporary siblings whose process no longer exists."""
    name, pid = _temporary(path).name, str(os.getpid())
    head = name.removesuffix(pid + PARTIAL)
    ours = re.compile(rf"{re.escape(head)}([0-9]+){re.escape(PARTIAL)}")
    for sibling in sorted(path.parent.iterdir()):
        found = ours.fullmatch(sibling.name)
        if found and (found[1] == pid or not _alive(int(found[1]))):
            yield sibling


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def remove(path: Path) -> None:
    """Delete a file or a folder, whichever it is; nothing happens where it is absent."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def refuse_foreign(folder: Path, maker: str = WORKFLOW) -> None:
    """Refuse a folder with files that ``maker`` did not write.

    Raises:
        MaskbenchError: naming the first of them.
    """
    folder = Path(folder)
    ours = _listed(folder, maker) or ()
    foreign = [
        name
        for name in _files(folder)
        if name not in ours
        and Path(name).name not in _DEBRIS
        and not re.match(rf"{re.escape(LISTING)}\.([0-9]+{re.escape(PARTIAL)}|unfinished)/", name)
    ]
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise MaskbenchError(
            folder,
            f"holds {foreign[0]}{more}, not written by {maker}",
            "choose another output folder, or move your own files away",
        )


def claim(folder: Path, as_it_is: bool = False) -> None:
    """Take a folder, new or empty, for the workflow's results; once taken it stays so.

    Args:
        folder: made where it is missing.
        as_it_is: what it holds are the workflow's results, e.g. those that DVC has brought.

    Raises:
        MaskbenchError: it holds somebody's files, or cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, folder, writing=True) from error
    if _listed(folder, WORKFLOW) is None:
        if not as_it_is:
            refuse_foreign(folder)
        _list(folder, WORKFLOW)


def _files(folder: Path) -> list[str]:
    """The relative names of all files below a folder, sorted."""
    return sorted(
        Path(at, name).relative_to(folder).as_posix()
        for at, _, names in os.walk(folder)
        for name in names
    )


def _list(folder: Path, maker: str) -> None:
    write_json(folder / LISTING, {"maker": maker, "files": _files(folder)})


def _listed(folder: Path, maker: str | None = None) -> set[str] | None:
    """The files that a maker (None: any) wrote into a folder; None: it wrote none of it.

    Raises:
        MaskbenchError: the listing names what lies outside: nothing here wrote it.
    """
    if not (folder / LISTING).exists():
        return None
    listing = read_json(folder / LISTING)
    here = Path(os.path.realpath(folder))
    inside: dict[str, bool] = {}  # by folder; a link may lead out of it
    for name in listing["files"]:
        parent = os.path.dirname(name)  # noqa: PTH120 (text, many times)
        if parent not in inside:
            inside[parent] = Path(os.path.realpath(folder / parent)).is_relative_to(here)
        if not inside[parent] or ".." in name.split("/"):
            what = f"names {name}, which is not in its folder"
            raise MaskbenchError(folder / LISTING, what, "delete it, or choose another folder")
    return set(listing["files"]) if maker in (None, listing["maker"]) else None


@contextmanager
def atomic_dir(out: Path, maker: str = WORKFLOW) -> Iterator[Path]:
    """Yield an empty folder that becomes ``out`` when the block ends without an error.

    A folder that is there already (a mount point, the target of a link, the working directory)
    stays the same folder: its files are exchanged. On any error an older ``out`` is untouched.

    Args:
        out: the folder.
        maker: who writes it, as errors name it; its own earlier files are replaced.

    Raises:
        MaskbenchError: ``out`` holds files of somebody else, the disk is full, ...
    """
    shown, out = Path(out), Path(os.path.realpath(out))
    if out.exists() and not out.is_dir():
        raise MaskbenchError(shown, "is a file", "name a folder")
    inside = out / LISTING[1:]  # its temporary sibling lies in the folder
    tmp = _temporary(inside if out.exists() else out)
    with _nothing_half(tmp, out, shown):
        if out.exists():
            for stale in _stale(inside):
                _settle(stale, out)
            refuse_foreign(shown, maker)
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            for stale in _stale(out):
                remove(stale)
        tmp.mkdir()
        yield tmp
        _list(tmp, maker)
        if out.exists():
            _settle(tmp, out)
        else:
            tmp.replace(out)


@dataclass
class Unfinished:
    """A result in the making.

    Attributes:
        folder: for its files.
        files: to be filled with the relative names of all that belongs to the whole result. What
            of it does not lie in ``folder`` is taken from the earlier result.
        kept: whether an error leaves the folder for the next call.
    """

    folder: Path
    files: set[str] = field(default_factory=set)
    kept: bool = False


@contextmanager
def resumable_dir(out: Path, maker: str) -> Iterator[Unfinished]:
    """As :func:`atomic_dir`, for what takes long: an interrupt or a kill leaves what was done in a
    hidden folder within ``out``, which the next call gets again, and an earlier result's files may
    become a part of the new one.

    Raises:
        MaskbenchError: as for :func:`atomic_dir`, or another process writes the same folder.
    """
    shown, out = Path(out), Path(os.path.realpath(out))
    if out.exists() and not out.is_dir():
        raise MaskbenchError(shown, "is a file", "name a folder")
    tmp, new = out / UNFINISHED, not out.exists()
    work = Unfinished(tmp)
    with _errors_of(tmp, out, shown):
        out.mkdir(parents=True, exist_ok=True)
        with _alone(out, shown, maker):
            if (tmp / LISTING).exists():
                _settle(tmp, out)  # whole, but killed before its files were exchanged
            try:
                refuse_foreign(shown, maker)
                tmp.mkdir(exist_ok=True)
                work.kept = any(tmp.iterdir())
                yield work
                write_json(tmp / LISTING, {"maker": maker, "files": sorted(work.files)})
                _settle(tmp, out)
            except BaseException:
                if not work.kept:
                    remove(tmp)
                    if new:
                        with suppress(OSError):
                            out.rmdir()
                raise


@contextmanager
def _alone(folder: Path, shown: Path, maker: str) -> Iterator[None]:
    """Hold a folder for this process."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        what = f"another {maker} writes there now"
        raise MaskbenchError(shown, what, "wait for its end") from error
    finally:
        os.close(held)


def _settle(tmp: Path, out: Path) -> None:
    """Exchange the files of an earlier result for those of a whole one, and remove ``tmp``.

    The new listing comes last, so that an exchange that was killed ends the same when it is begun
    again. A result that is not whole has no listing: nothing is taken of it.
    """
    new, old = _listed(tmp), _listed(out) or set()
    if new is not None:
        coming = sorted(name for name in new if os.path.lexists(tmp / name))
        for name in coming:
            if name not in old and os.path.lexists(out / name) and not (out / name).is_dir():
                raise MaskbenchError(out / name, "came while this ran", "move it away, run again")
        for name in sorted(old - new):
            (out / name).unlink(missing_ok=True)
            with suppress(OSError):  # not empty
                for parent in Path(name).parents[:-1]:
                    (out / parent).rmdir()
        for name in coming:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp / name).replace(out / name)
        (tmp / LISTING).replace(out / LISTING)
    remove(tmp)


@contextmanager
def atomic_file(out: Path) -> Iterator[Path]:
    """Yield a path to write; it is renamed to ``out`` when the block ends without an error."""
    out = Path(out)
    tmp = _temporary(out)
    with _nothing_half(tmp, out, out):
        out.parent.mkdir(parents=True, exist_ok=True)
        for stale in _stale(out):
            remove(stale)
        yield tmp
        tmp.replace(out)


@contextmanager
def _nothing_half(tmp: Path, out: Path, shown: Path) -> Iterator[None]:
    """Remove ``tmp`` on any error."""
    with _errors_of(tmp, out, shown):
        try:
            yield
        except BaseException:
            remove(tmp)
            raise


@contextmanager
def _errors_of(tmp: Path, out: Path, shown: Path) -> Iterator[None]:
    """An error of the system is of writing ``out``, or of reading what else it names."""
    try:
        yield
    except OSError as error:
        named = Path(error.filename) if isinstance(error.filename, str) else out
        if named.is_relative_to(tmp):
            named = out / named.relative_to(tmp)
        writing = named.is_relative_to(out) or out.is_relative_to(named)
        named = shown / named.relative_to(out) if named.is_relative_to(out) else named
        raise from_os_error(error, named, writing=writing) from error


def write_json(path: Path, value: Any) -> None:
    """Write sorted, indented JSON, whole or not at all."""
    with atomic_file(path) as tmp:
        tmp.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        MaskbenchError: the file is missing, cannot be read or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise from_os_error(error, path) from error
    except ValueError as error:
        raise MaskbenchError(path, f"is not JSON ({error})", "delete it and run again") from error


def sha256_of(path: Path) -> str:
    """The sha256 of a file, or of a folder's relative names and contents (its listing apart)."""
    path = Path(path)
    digest = hashlib.sha256()
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file() and p.name != LISTING):
            digest.update(file.relative_to(path).as_posix().encode() + b"\0")
            digest.update(sha256_of(file).encode())
        return digest.hexdigest()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class GrowingArray:
    """A ``.npy`` file written row by row, so that N rows are never held in memory.

    The header is rewritten with the true length when the file is closed; the result opens with
    ``np.load(path, mmap_mode="r")``.
    """

    _HEADER = 128  # bytes; a multiple of 64 as the format asks for

    def __init__(self, path: Path, row_shape: tuple[int, ...], dtype: str = "uint8") -> None:
        import numpy as np

        self.path, self.row_shape, self.dtype = Path(path), tuple(row_shape), np.dtype(dtype)
        self.length = 0
        self._file = open(self.path, "wb")  # noqa: SIM115 (closed by close())
        self._write_header()

    def _write_header(self) -> None:
        shape = (self.length, *self.row_shape)
        text = repr({"descr": self.dtype.str, "fortran_order": False, "shape": shape})
        body = text.encode("latin1").ljust(self._HEADER - 11) + b"\n"
        self._file.seek(0)
        self._file.write(b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body)

    def append(self, rows: np.ndarray) -> None:
        """Append rows of shape (n, *row_shape)."""
        rows = rows.astype(self.dtype, copy=False)
        if rows.shape[1:] != self.row_shape:
            raise ValueError(f"rows of shape {rows.shape[1:]}, expected {self.row_shape}")
        self._file.write(rows.tobytes())
        self.length += len(rows)

    def close(self) -> None:
        if not self._file.closed:
            self._write_header()
            self._file.close()

    def __enter__(self) -> GrowingArray:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
