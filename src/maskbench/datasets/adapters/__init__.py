"""What reads a data set's pictures, and the registry of it.

A data set enters the experiment as a *manifest*: a row a picture with its path relative to a root
and its identity. Each module beside this one reads one layout and registers an :class:`Adapter`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskbench.datasets.download import Package
from maskbench.datasets.pictures import is_picture_name
from maskbench.errors import from_os_error
from maskbench.registry import Registry, Spec


@dataclass(frozen=True)
class Row:
    """A picture of a data set: path relative to the root, and who it shows ("": unknown)."""

    source: str
    identity: str
    extra: tuple[tuple[str, Any], ...] = ()  # further manifest columns, the same in every row


@dataclass(frozen=True, kw_only=True)
class Adapter(Spec):
    """How one data set is read.

    ``rows`` lists the pictures below a root, in any order; ``package`` is set where the pictures
    come from the package index, else they lie in a local folder (``folder`` is its usual name).
    """

    rows: Callable[[Path], list[Row]]
    licence: str  # the terms in a sentence, for reports and README
    version: str = ""  # "" for local collections: their checksum identifies them
    folder: str = ""
    package: Package | None = None
    identities: bool = True  # False: nobody is recognised in it
    really_masked: bool = False  # its manifest has a column `mask`
    files: tuple[str, ...] = ()  # of a protocol, beside the pictures; kept where they are there


ADAPTERS: Registry[Adapter] = Registry(__name__, "datasets", "adapter")


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
