"""Picture files and folders of a folder, and orders of names."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from maskbench.errors import from_os_error

ENDINGS = frozenset(
    {".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo"}
    | {".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"}
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


def natural_key(text: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key with numbers by value (s2 before s10); the text itself breaks ties ("01", "1")."""
    parts = re.split(r"([0-9]+)", text)
    keys: list[tuple[int, int | str]] = [
        (0, int(part)) if part[:1].isdigit() else (1, part) for part in parts
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
    """The picture files in ``folder`` by their names, hidden ones left out, sorted by name."""
    return sorted(
        path for path in _listing(folder) if is_picture_name(path) and _is(path, Path.is_file)
    )


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
