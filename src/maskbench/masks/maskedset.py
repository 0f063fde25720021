"""MaskedSet: a FaceSet of masked faces plus the coverage of each mask.

To the files of a FaceSet it adds

    masks.npy         uint8, N x H x W: the mask's own coverage, 0 (free) .. 255 (opaque)

and to the columns ``bare_id`` (face id of the bare face), ``method`` and ``style``. Landmarks, pose
and boxes are those of the bare face. Really masked pictures have ``bare_id`` = "" and no known
coverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from maskbench.artifacts import GrowingArray
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FACE_COLUMNS, LISTS, FaceSet, FaceSetWriter, open_array

MASKED_COLUMNS = (*FACE_COLUMNS, "bare_id", "method", "style")
REAL = "real"
"""``method`` of really masked people; their coverage is unknown."""


@dataclass
class MaskedSet(FaceSet):
    """An opened MaskedSet. ``masks`` is a read-only memory map, (N, H, W) uint8."""

    masks: np.ndarray

    @classmethod
    def open(cls, path: Path, lists: bool = True) -> Self:
        """Open a MaskedSet folder.

        Args:
            path, lists: as for a FaceSet.

        Raises:
            MaskbenchError: the folder is not a MaskedSet, or its parts disagree.
        """
        bare = FaceSet.open(path, lists)
        masks = open_array(Path(path) / "masks.npy")
        if masks.shape != bare.images.shape[:3]:
            raise MaskbenchError(
                path, f"masks {masks.shape} for images {bare.images.shape}", "make the set again"
            )
        missing = [
            column
            for column in MASKED_COLUMNS
            if column not in bare.faces and (lists or column not in LISTS)
        ]
        if missing:
            raise MaskbenchError(
                path / "faces.parquet",
                f"has no column {missing[0]!r}: it is no masked set, or an older version's",
                "delete the folder and make the set again",
            )
        return cls(bare.path, bare.images, bare.faces, bare.spec, masks)


class MaskedSetWriter(FaceSetWriter):
    """As :class:`FaceSetWriter`, with a coverage for each picture."""

    columns = MASKED_COLUMNS

    def __init__(self, folder: Path, size: int, spec: dict[str, Any]) -> None:
        super().__init__(folder, size, spec)
        self._masks = GrowingArray(self.folder / "masks.npy", (size, size))

    def add(self, image: np.ndarray, row: dict[str, Any], mask: np.ndarray | None = None) -> None:
        """Add one masked crop, its row and its coverage (H, W uint8)."""
        if mask is None:
            raise ValueError("a MaskedSet needs the mask's coverage")
        super().add(image, row)
        self._masks.append(mask[None])

    def close(self) -> None:
        self._masks.close()
        super().close()

    def __exit__(self, kind: object, *_: object) -> None:
        self._masks.close()
        super().__exit__(kind, *_)
