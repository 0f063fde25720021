"""Where a data set's pictures lie, and an opened ``pictures/`` folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from maskbench.artifacts import read_json
from maskbench.config import DatasetConfig
from maskbench.errors import MaskbenchError, from_os_error

DATA = "MASKBENCH_DATA"
MANIFEST_COLUMNS = (
    "source",  # str, the picture's path relative to the root, with / between the parts
    "identity",  # str; "" where the data set knows none
    "sha256",  # str, of the file
    "bytes",  # int64, the file's size
)


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
