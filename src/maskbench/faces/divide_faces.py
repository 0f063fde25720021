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
from maskbench.faces.faceset import FaceSet


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
    found = FaceSet.open(crops)
    split_of = read_split(splits)
    split = group_keys(found.faces).map(split_of)
    if split.isna().any():
        unknown = found.faces["source"][split.isna()].iloc[0]
        raise MaskbenchError(splits, f"no split for {unknown}", "delete and make it again")
    rejects = read_table(Path(crops) / "rejects.parquet")
    of_rejects = group_keys(rejects).map(split_of)
    for name in sorted(set(split_of.values()) - set(split)):
        own = rejects[of_rejects == name]
        why = named(dict(zip(own["source"], own["reason"], strict=True)))
        raise MaskbenchError(
            crops,
            f"no face was found of any {name} person: {why}",
            "check these pictures, add people, or set datasets.*.split_seed to another number",
        )
    with atomic_dir(Path(out)) as tmp:
        for name in ("images.npy", "rejects.parquet"):
            _link(Path(crops) / name, tmp / name)
        found.faces.assign(split=np.asarray(split)).to_parquet(tmp / "faces.parquet", index=False)
        write_json(tmp / "spec.json", {**found.spec, "fold": fold})


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(file, place)
