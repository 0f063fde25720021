"""Step ``divide_faces``: the faces of a data set with the split of a fold.

The crops are the same in every fold, so a fold's FaceSet shares them: the array is a link where the
file system has links.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir, write_json
from maskbench.datasets.listing import named
from maskbench.datasets.manifest import read_table
from maskbench.datasets.split import group_keys, read_split
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import TABLE, FaceSet
from maskbench.faces.table import TableReader, TableWriter


def divide_faces(crops: Path, splits: Path, fold: int, out: Path) -> None:
    """Write the FaceSet ``out``: that of ``crops`` with the columns split, and fold in its spec.

    Args:
        crops: FaceSet written by the step ``crop_faces``.
        splits: file written by the step ``split`` for this fold.
        fold: its number.
        out: the FaceSet to write.

    Raises:
        MaskbenchError: inputs are missing or disagree, or no face was found of any person of a
            split.
    """
    # Only its specification is kept: the table goes through row group by row group.
    spec, split_of = FaceSet.open(crops, lists=False).spec, read_split(splits)
    rejects = read_table(Path(crops) / "rejects.parquet")
    of_rejects = group_keys(rejects).map(split_of)
    filled: set[str] = set()
    with atomic_dir(Path(out)) as tmp:
        with TableWriter(tmp / TABLE) as table:
            for faces in TableReader(Path(crops) / TABLE):
                split = group_keys(faces).map(split_of)
                if split.isna().any():
                    unknown = faces["source"][split.isna()].iloc[0]
                    raise MaskbenchError(
                        splits, f"no split for {unknown}", "delete and make it again"
                    )
                filled |= set(split)
                table.write(faces.assign(split=np.asarray(split)))
        for name in sorted(set(split_of.values()) - filled):
            own = rejects[of_rejects == name]
            why = named(dict(zip(own["source"], own["reason"], strict=True)))
            raise MaskbenchError(
                crops,
                f"no face was found of any {name} person: {why}",
                "check these pictures, add people, or set datasets.*.split_seed to another number",
            )
        for name in ("images.npy", "rejects.parquet"):
            _link(Path(crops) / name, tmp / name)
        write_json(tmp / "spec.json", {**spec, "fold": fold})


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(file, place)
