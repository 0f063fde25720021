"""What a restorer gives, and how what it paints is laid into pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.restoration.holes import holes_of, paste
from maskbench.restoration.specs import HoleParams
from maskbench.training.curves import Log

Painter = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Pictures (B, H, W, 3) uint8 and holes (B, H, W) bool -> painted pictures (B, H, W, 3) uint8, of
which only the inside of the holes is used."""


class Restorer(Protocol):
    """The implementation of a restorer."""

    def train(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        params: Any,
        *,
        weights: Path,
        seed: int,
        out: Path,
        scratch: Path,
        log: Log,
    ) -> None:
        """Train and write a model folder.

        Args:
            faces: the bare faces; only rows of split ``train`` are learnt from, rows of ``val`` may
                be shown on sheets, rows of ``test`` never.
            masked: the same people, masked.
            params: an instance of the spec's ``Params``.
            weights: folder written by ``fetch_weights``.
            seed: of every random choice.
            out: an existing empty folder for state.safetensors, curves.parquet and sheet.png.
            scratch: folder for checkpoints; a stopped training goes on from what it finds here and
                ends byte-identical to an unbroken one.
            log: called with (step, {name: value}) at the logging interval (tracking).
        """

    def open(self, model: Path, params: Any) -> Painter:
        """The painter of a trained model.

        Raises:
            MaskbenchError: no readable model, or one of other networks.
        """


def unmask(
    painter: Painter, images: np.ndarray, masks: np.ndarray, params: HoleParams
) -> tuple[np.ndarray, np.ndarray]:
    """Paint what masks cover.

    Args:
        painter: from :meth:`Restorer.open`.
        images: (B, H, W, 3) uint8.
        masks: (B, H, W) uint8 coverages, known or predicted.
        params: how a hole is made of a coverage.

    Returns:
        pictures (B, H, W, 3) uint8, equal to ``images`` outside the holes to the bit; and the holes
        (B, H, W) uint8: the share of each pixel that was painted, 0..255. Where less than
        ``least_cover`` of a picture is covered nothing is painted.
    """
    restored, holes = images.copy(), np.zeros(masks.shape, np.uint8)
    wide, soft = holes_of(masks, params)
    rows = np.flatnonzero(wide.any(axis=(1, 2)))
    if len(rows):
        painted = painter(images[rows], wide[rows])
        restored[rows] = paste(images[rows], painted, soft[rows])
        holes[rows] = soft[rows]
    return restored, holes
