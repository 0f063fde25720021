"""What an adapter is, the registry of adapters, and an opened ``pictures/`` folder.

A data set enters the experiment as a *manifest*: a row a picture with its path relative to a root
and its identity. One module of this package reads one data set; adding another means writing
such a module, putting it into ``_MODULES`` and its name into ``DatasetConfig.adapter``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from maskbench.artifacts import read_json
from maskbench.config import DatasetConfig
from maskbench.datasets.download import Package
from maskbench.datasets.pictures import is_picture_name
from maskbench.errors import MaskbenchError, from_os_error, unknown_name

DATA = "MASKBENCH_DATA"
MANIFEST_COLUMNS = (
    "source",  # str, the picture's path relative to the root, with / between the parts
    "identity",  # str; "" where the data set knows none
    "sha256",  # str, of the file
    "bytes",  # int64, the file's size
)
_MODULES = {
    "orl": "maskbench.datasets.orl",
    "lfw": "maskbench.datasets.lfw",
    "mfr2": "maskbench.datasets.mfr2",
    "rmfrd": "maskbench.datasets.rmfrd",
    "folder": "maskbench.datasets.folder",
    "flat": "maskbench.datasets.flat",
}


@dataclass(frozen=True)
class Row:
    """A picture of a data set: path relative to the root, and who it shows ("": unknown)."""

    source: str
    identity: str
    extra: tuple[tuple[str, Any], ...] = ()  # further manifest columns, the same in every row


@dataclass(frozen=True)
class Adapter:
    """How one data set is read.

    ``rows`` lists the pictures below a root, in any order; ``package`` is set where the pictures
    come from the package index, else they lie in a local folder (``folder`` is its usual name).
    """

    name: str
    rows: Callable[[Path], list[Row]]
    licence: str  # the terms in a sentence, for reports and README
    version: str = ""  # "" for local collections: their checksum identifies them
    folder: str = ""
    package: Package | None = None
    really_masked: bool = False  # its manifest has a column `mask`
    files: tuple[str, ...] = ()  # of a protocol, beside the pictures; kept where they are there


def adapter_names() -> tuple[str, ...]:
    """The names that ``datasets.<name>.adapter`` may take."""
    return tuple(_MODULES)


def adapter(name: str) -> Adapter:
    """The adapter of this name.

    Raises:
        MaskbenchError: there is none; it names the nearest.
    """
    if name not in _MODULES:
        raise unknown_name("datasets", "adapter", name, _MODULES)
    found: Adapter = import_module(_MODULES[name]).ADAPTER
    return found


def local_root(dataset: str, config: DatasetConfig, usual: str) -> Path:
    """The absolute folder of a local collection: ``config.path``, else the adapter's usual name.

    Relative paths are looked up in ``MASKBENCH_DATA`` (default: data/ in the working directory).

    Raises:
        MaskbenchError: no path is given, or there is no such folder.
    """
    place = f"datasets.{dataset}"
    named = config.path or usual
    if not named:
        raise MaskbenchError(
            f"{place}.path",
            f"missing; the adapter {config.adapter} needs a folder",
            f"set it to a folder, absolute or relative to {DATA}",
        )
    path = Path(named).expanduser()
    if not path.is_absolute():
        path = Path(os.environ.get(DATA) or "data").expanduser() / path
    path = path.absolute()
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise from_os_error(error, path) from error
    if not is_folder:
        what = "is not a folder" if path.exists() else "no such folder"
        raise MaskbenchError(
            f"{place}: {path}",
            what,
            f"put the pictures there, set {place}.path, or point {DATA} at the folder above it",
        )
    return path


def natural_key(text: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key with numbers by value (s2 before s10); the text itself breaks ties ("01", "1")."""
    parts = re.split(r"([0-9]+)", text)
    keys: list[tuple[int, int | str]] = [
        (0, int(part)) if part[:1].isdigit() else (1, part) for part in parts
    ]
    return (*keys, (1, text))


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


def read_table(path: Path) -> pd.DataFrame:
    """Read a parquet file that a step wrote.

    Raises:
        MaskbenchError: it is missing or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise MaskbenchError(path, "no such file", "run the step that makes it")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise MaskbenchError(path, f"is no parquet file: {error}", "make it again") from error


@dataclass
class Pictures:
    """An opened ``pictures/{dataset}`` folder. ``root / source`` is a picture's file."""

    path: Path
    root: Path
    manifest: pd.DataFrame
    source: dict[str, Any]

    @classmethod
    def open(cls, path: Path) -> Pictures:
        """Open what :func:`maskbench.datasets.fetch.fetch` wrote.

        Raises:
            MaskbenchError: the folder is not one, or its pictures are gone.
        """
        path = Path(path)
        source = read_json(path / "source.json")
        manifest = read_table(path / "manifest.parquet")
        root = path / source["root"]  # an absolute root replaces path
        if not root.is_dir():
            raise MaskbenchError(
                root,
                f"the pictures of {source['dataset']} are no longer there",
                "restore the folder or fetch again",
            )
        return cls(path, root, manifest, source)

    def file(self, source: str) -> Path:
        """The file of a picture by its ``source`` in the manifest."""
        return self.root / source
