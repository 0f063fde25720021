"""The one exception a user is meant to read: it names the thing, the place and the way out."""

from __future__ import annotations

import codecs
import difflib
import errno
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

FETCH_AGAIN = "fetch it again: snakemake --forcerun fetch_weights"
"""The way out where a network's weights are absent or damaged."""


class MaskbenchError(Exception):
    """An error with a cause that the user can mend.

    ``str(error)`` reads «place: what; way out». The command line prints it without a traceback.
    """

    def __init__(self, place: str | Path, what: str, way_out: str) -> None:
        self.place, self.what, self.way_out = str(place), what, way_out
        super().__init__(f"{self.place}: {what}; {way_out}")

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return type(self), (self.place, self.what, self.way_out)


def printable(text: str) -> str:
    """A text for a terminal: what would steer it, be it in a file's name, is shown as ``\\x1b``."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def unknown_name(
    place: str | Path, kind: str, name: str, known: Iterable[str], hint: str = ""
) -> MaskbenchError:
    """The error for a name that is not among the known ones, with the nearest of them."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    way_out = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return MaskbenchError(place, f"{name}: unknown {kind}", way_out + hint)


def from_os_error(
    error: OSError, path: str | Path, *, writing: bool | None = False
) -> MaskbenchError:
    """Turn a failed read or write (None: either) into one clear sentence."""
    cut_short = re.search(r"(\d+) requested and (\d+) written", str(error))
    if cut_short and not error.errno:  # numpy's words for a full disk; it loses the error number
        return MaskbenchError(
            path,
            f"no space left: {cut_short[2]} of {cut_short[1]} values could be written",
            "free some space or choose another output folder",
        )
    forbidden = {
        None: "change its permissions",
        False: "change its permissions, so that you may read it",
        True: "choose a folder that you may write, or change its permissions",
    }[writing]
    way_out = {
        errno.ENOSPC: "free some space or choose another output folder",
        errno.EDQUOT: "free some of your quota or choose another output folder",
        errno.EACCES: forbidden,
        errno.EPERM: forbidden,
        errno.EROFS: "the file system is read-only; choose another output folder",
        errno.ENOENT: "check the path",
        errno.EFBIG: "the file system or the file-size limit allows no larger file",
    }.get(error.errno or 0, "check the path and the file system")
    return MaskbenchError(path, (error.strerror or str(error)).lower(), way_out)


def read_text(path: str | Path) -> str:
    """A text file in UTF-8, with a byte-order mark or without.

    Raises:
        MaskbenchError: it cannot be read, or has another encoding.
    """
    way_out = "save it as UTF-8"
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise from_os_error(error, path) from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise MaskbenchError(path, "is UTF-16, not UTF-8", way_out)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise MaskbenchError(f"{path}, line {line}", "is not UTF-8", way_out) from error


@contextmanager
def one_line_errors(
    kept: str = "nothing of it is kept, what was there before is",
) -> Iterator[None]:
    """Turn failures that a user can mend into one line and exit code 1; an interrupt says what is
    kept of the work."""
    try:
        yield
    except MaskbenchError as error:
        _fail(str(error))
    except OSError as error:
        _fail(str(from_os_error(error, error.filename or "file system", writing=None)))
    except MemoryError:
        _fail("memory: not enough for this step; close other programs or use a smaller batch")
    except KeyboardInterrupt:
        print(f"interrupted; {kept}", file=sys.stderr)
        raise SystemExit(130) from None


def _fail(message: str) -> None:
    lines = "\n".join(map(printable, message.split("\n")))
    print(f"error {lines}", file=sys.stderr)
    raise SystemExit(1)
