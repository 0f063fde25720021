"""Pairs of a bare face and the same face masked, with the mask's coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.imaging.tensors import as_tensor
from maskbench.masks.maskedset import MaskedSet


class Pairs:
    """The masked pictures of a split whose bare face and coverage are known.

    Pictures are read from the memory maps when they are asked for: memory does not grow with
    their number.

    Args:
        faces: the bare faces.
        masked: the same people, masked (rows without a bare face, of really masked people,
            are left out).
        split: ``train`` or ``val``.
        size: side of the pictures as they are read.

    Raises:
        MaskbenchError: the sets do not belong together, or no picture is left.
    """

    def __init__(self, faces: FaceSet, masked: MaskedSet, split: str, size: int) -> None:
        if faces.images.shape[1:] != masked.images.shape[1:]:
            raise MaskbenchError(
                masked.path,
                f"pictures of {masked.size} pixels, the bare faces {faces.path} have {faces.size}",
                "make both from the same faces",
            )
        known = {str(name): row for row, name in enumerate(faces.faces["face_id"])}
        bare_rows = [known.get(str(name), -1) for name in masked.faces["bare_id"]]
        own = (masked.faces["split"] == split).to_numpy() & (np.array(bare_rows, dtype=int) >= 0)
        self.rows = np.flatnonzero(own)
        if len(self.rows) == 0:
            raise MaskbenchError(
                masked.path,
                f"no picture of split {split} whose bare face is in {faces.path}",
                "make the training set from the same faces",
            )
        self.faces, self.masked, self.size = faces, masked, size
        self.bare_rows = np.array(bare_rows, dtype=int)[self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def bare(self, numbers: Sequence[int]) -> Tensor:
        """Bare faces, (B, 3, size, size) in [0, 1]."""
        return as_tensor([self.faces.images[self.bare_rows[n]] for n in numbers], self.size)

    def masked_faces(self, numbers: Sequence[int]) -> Tensor:
        """Masked faces, (B, 3, size, size) in [0, 1]."""
        return as_tensor([self.masked.images[self.rows[n]] for n in numbers], self.size)

    def coverage(self, numbers: Sequence[int]) -> Tensor:
        """Coverages of the masks, (B, 1, size, size) in [0, 1]."""
        return as_tensor([self.masked.masks[self.rows[n]] for n in numbers], self.size)
