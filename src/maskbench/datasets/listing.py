"""Picture files and folders of a folder, what else lies there, and orders of names."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

from maskbench.errors import MaskbenchError, from_os_error

ENDINGS = frozenset(
    {".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg"}
    | {".mpo", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"}
)


def is_picture_name(path: str | Path) -> bool:
    """Whether a file's name says that it is a picture (used for listing folders only).

    Hidden files (``.DS_Store``, ``._name.jpg``) are none.
    """
    path = Path(path)
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")


def as_text(name: str) -> str:
    """A path as text that can be written and printed: bytes that are not UTF-8 become ``\\xfc``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def composed(name: str) -> str:
    """A name with composed letters (NFC): file systems and lists write é as one sign or as two."""
    return unicodedata.normalize("NFC", name)


def stem(source: str) -> str:
    """A picture's path in composed letters, without its ending."""
    return str(PurePosixPath(composed(source)).with_suffix(""))


def natural_key(text: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key with numbers by value (s2 before s10); the text itself breaks ties ("01", "1")."""
    parts = re.split(r"([0-9]+)", text)
    keys: list[tuple[int, int | str]] = [
        (0, int(part)) if part.isascii() and part.isdigit() else (1, part) for part in parts
    ]
    return (*keys, (1, text))


def shuffled(names: Iterable[str], seed: int) -> list[str]:
    """Names in the order of the SHA-256 of ``seed``, a zero byte and the name.

    The order depends on neither platform nor library version, and a name that joins or leaves moves
    no other.
    """

    def drawn(name: str) -> tuple[bytes, str]:
        text = f"{seed}\0{name}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).digest(), name

    return sorted(names, key=drawn)


def subfolders(root: Path) -> list[Path]:
    """The folders in ``root`` (links to folders too), hidden ones left out, sorted by name."""
    return sorted(path for path in _listing(root) if _is(path, Path.is_dir))


def pictures_in(folder: Path) -> list[Path]:
    """The picture files in ``folder`` by their names, sorted; without hidden ones and what may not
    be read, be it the whole folder."""
    try:
        paths = sorted(_listing(folder))
    except MaskbenchError:
        return []
    return [path for path in paths if is_picture_name(path) and not _unusable(path)]


def left_out(
    root: Path, taken: Collection[str], known: Collection[str] = (), sampled: bool = False
) -> dict[str, str]:
    """What lies below ``root`` and is no picture of a data set, and why: path -> reason.

    Looks as deep as the pictures lie; hidden files count nowhere.

    Args:
        root: the data set's folder.
        taken: paths of its pictures, relative to ``root``.
        known: other files that belong to it.
        sampled: whether the pictures are a choice; those that were not chosen are not listed, nor
            folders without one.
    """
    folders = {str(parent) for source in taken for parent in PurePosixPath(source).parents}
    depth = max((source.count("/") for source in taken), default=0)
    found: dict[str, str] = {}

    def look(folder: Path, prefix: str, level: int) -> None:
        try:
            paths = sorted(_listing(folder))
        except MaskbenchError as error:
            found[as_text(prefix)] = f"unreadable: {error.what}"
            return
        for path in paths:
            name = prefix + path.name
            if name in taken or name in known:
                continue
            shown = as_text(name)
            if not _is(path, Path.is_dir):
                if reason := _reason(path, sampled):
                    found[shown] = reason
            elif level == depth:
                found[f"{shown}/"] = "a folder deeper than the pictures"
            else:
                look(path, f"{name}/", level + 1)
                if name not in folders and not sampled:
                    found.setdefault(f"{shown}/", "a folder without a picture")

    look(Path(root), "", 0)
    return found


def _reason(path: Path, sampled: bool) -> str:
    """Why a file is no picture of a data set; "": it was not chosen."""
    if reason := _unusable(path):
        return reason
    if not path.suffix:
        return "its name has no ending"
    if not is_picture_name(path):
        return f"{path.suffix} is no ending of a picture that is read"
    return "" if sampled else "not in the adapter's layout"


def _unusable(path: Path) -> str:
    """Why nothing can be read from a path; "": it is a file that may be read."""
    if not _is(path, Path.is_file):
        return "a link that leads nowhere" if path.is_symlink() else "no regular file"
    return "" if os.access(path, os.R_OK) else "unreadable: permission denied"


def named(reasons: Mapping[str, str], most: int = 10) -> str:
    """The first names with their reasons, and how many more there are."""
    shown = [f"{name} ({why})" for name, why in list(reasons.items())[:most]]
    more = len(reasons) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _listing(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise from_os_error(error, folder) from error


def _is(path: Path, test: Callable[[Path], bool]) -> bool:
    try:
        return test(path)
    except (OSError, RuntimeError):  # a link that leads to itself
        return False
