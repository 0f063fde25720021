"""An opened ``pictures/{dataset}`` folder: the manifest, with a row a picture."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from maskbench.artifacts import read_json
from maskbench.datasets.collection import PLACES, local_root
from maskbench.errors import MaskbenchError

MANIFEST_COLUMNS = (
    "source",  # str, the picture's path relative to the root, with / between the parts
    "identity",  # str; "" where the data set knows none
    "sha256",  # str, of the file
    "bytes",  # int64, the file's size
)


LEFT_OUT, OFFICIAL, PACKAGED = "left_out.csv", "official.parquet", "files"


def read_table(path: Path, without: Collection[str] = ()) -> pd.DataFrame:
    """Read a parquet file that a step wrote.

    Args:
        path: the file.
        without: columns that are left out.

    Raises:
        MaskbenchError: it is missing or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise MaskbenchError(path, "no such file", "run the step that makes it")
    try:
        columns = [name for name in pq.read_schema(path).names if name not in without]
        # Column by column: a buffer of the whole file is of use only on a slow network.
        return pd.read_parquet(path, columns=columns, use_threads=False, pre_buffer=False)
    except (OSError, ValueError) as error:
        raise MaskbenchError(path, f"is no parquet file: {error}", "make it again") from error


@dataclass
class Pictures:
    """An opened ``pictures/{dataset}`` folder."""

    path: Path
    manifest: pd.DataFrame
    source: dict[str, Any]

    @classmethod
    def open(cls, path: Path, digests: bool = True) -> Pictures:
        """Open what :func:`maskbench.datasets.fetch.fetch` wrote.

        Args:
            path: the folder.
            digests: whether the manifest has the column ``sha256``, most of its memory.

        Raises:
            MaskbenchError: the folder is not one.
        """
        path = Path(path)
        source = read_json(path / "source.json")
        without = () if digests else ("sha256",)
        return cls(path, read_table(path / "manifest.parquet", without), source)

    @cached_property
    def root(self) -> Path:
        """The folder that ``source`` in the manifest is relative to."""
        return root_of(self.path, self.source)

    @property
    def left_out(self) -> dict[str, str]:
        """What lies beside the pictures, or is a copy of one: path -> reason."""
        path = self.path / LEFT_OUT
        if not path.exists():
            return {}
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        return dict(zip(table["source"], table["reason"], strict=True))

    def file(self, source: str) -> Path:
        """The file of a picture by its ``source`` in the manifest."""
        return self.root / source


def root_of(folder: Path, source: dict[str, Any]) -> Path:
    """Where the pictures of a ``pictures/{dataset}`` folder lie now.

    Args:
        folder: the folder; packaged pictures lie in it.
        source: its ``source.json``.

    Raises:
        MaskbenchError: they are no longer there.
    """
    if source["root"] == PACKAGED and (folder / PACKAGED).is_dir():
        return folder / PACKAGED
    now = json.loads(os.environ.get(PLACES, "{}")).get(source["dataset"])
    return local_root(source["dataset"], now or source["root"])
