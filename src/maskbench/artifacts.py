"""Whole files or none: every step writes to a temporary sibling and renames it at the end."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskbench.errors import MaskbenchError, from_os_error, read_text

if TYPE_CHECKING:
    import numpy as np

PARTIAL = ".partial"
_OLD = "-old"  # marks the older folder while a new one takes its place


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")


def _clear_stale(path: Path) -> None:
    """Remove what killed runs left beside ``path`` (their process no longer exists).

    A run killed between the two renames of a replacement left nothing at ``path``, but the older
    result under a temporary name: that one is put back, as if the replacement had not begun.
    """
    for stale in sorted(path.parent.glob(f".{path.name}.*{PARTIAL}")):
        name = stale.name[len(path.name) + 2 : -len(PARTIAL)]
        pid = name.removesuffix(_OLD)
        if pid.isdigit() and int(pid) != os.getpid() and _alive(int(pid)):
            continue
        if name.endswith(_OLD) and not path.exists():
            stale.replace(path)
        else:
            remove(stale)


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


@contextmanager
def atomic_dir(out: Path) -> Iterator[Path]:
    """Yield an empty folder that takes ``out``'s place when the block ends without an error.

    On any error nothing is left behind and an older ``out`` is untouched.

    Raises:
        MaskbenchError: the disk is full, the folder cannot be written, ...
    """
    out = Path(out)
    with atomic_file(out) as tmp:
        remove(tmp)
        tmp.mkdir()
        yield tmp
        old = tmp.with_name(tmp.name.replace(PARTIAL, f"{_OLD}{PARTIAL}"))
        if out.exists():
            out.replace(old)
    remove(old)


@contextmanager
def atomic_file(out: Path) -> Iterator[Path]:
    """Yield a path to write; it is renamed to ``out`` when the block ends without an error."""
    out = Path(out)
    tmp = _temporary(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _clear_stale(out)
        yield tmp
        tmp.replace(out)
    except OSError as error:
        remove(tmp)
        raise from_os_error(error, error.filename or out) from error
    except BaseException:
        remove(tmp)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write sorted, indented JSON, whole or not at all."""
    with atomic_file(path) as tmp:
        tmp.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        MaskbenchError: the file is missing, cannot be read or is not JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except ValueError as error:
        raise MaskbenchError(path, f"is not JSON ({error})", "delete it and run again") from error


def sha256_of(path: Path) -> str:
    """The sha256 of a file, or of a folder's relative names and contents, as hex."""
    path = Path(path)
    digest = hashlib.sha256()
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
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
