"""An opened ``pictures/{dataset}`` folder: the manifest, with a row a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from maskbench.artifacts import read_json
from maskbench.errors import MaskbenchError

MANIFEST_COLUMNS = (
    "source",  # str, the picture's path relative to the root, with / between the parts
    "identity",  # str; "" where the data set knows none
    "sha256",  # str, of the file
    "bytes",  # int64, the file's size
)


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
