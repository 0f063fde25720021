"""The sheet of a trained restorer: bare face, masked face, predicted edges, restored face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet

COLUMNS = 10


def shown_rows(faces: FaceSet, masked: MaskedSet) -> np.ndarray:
    """At most ten rows of validation people, spread evenly; of training people where there are no
    others."""
    known = masked.faces["bare_id"].isin(faces.faces["face_id"]).to_numpy()
    split = masked.faces["split"].to_numpy()
    rows = np.flatnonzero(known & (split == "val"))
    rows = rows if len(rows) else np.flatnonzero(known & (split == "train"))
    return rows[np.unique(np.linspace(0, len(rows) - 1, COLUMNS).astype(int))]


def write_sheet(
    path: Path,
    faces: FaceSet,
    masked: MaskedSet,
    rows: np.ndarray,
    edges: np.ndarray,
    restored: np.ndarray,
) -> None:
    """Write a PNG, a column a face.

    Args:
        path: the file.
        faces: the bare faces.
        masked: the masked ones.
        rows: (K,) which of ``masked``.
        edges: (K, s, s) uint8.
        restored: (K, H, W, 3) uint8.
    """
    bare = {str(name): row for row, name in enumerate(faces.faces["face_id"])}
    columns = []
    for row, edge, picture in zip(rows, edges, restored, strict=True):
        drawn = cv2.resize(edge, (faces.size, faces.size), interpolation=cv2.INTER_NEAREST)
        true = faces.images[bare[str(masked.faces["bare_id"].iloc[row])]]
        drawn = np.repeat(drawn[..., None], 3, axis=2)
        columns.append(np.vstack([true, masked.images[row], drawn, picture]))
    Image.fromarray(np.hstack(columns)).save(path)
