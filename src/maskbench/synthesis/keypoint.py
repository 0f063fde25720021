"""Key-point matching: the mask picture is tied to 68 landmarks of the face; nothing is learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.faces.faceset import FACE_COLUMNS, FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet, MaskedSetWriter
from maskbench.masks.overlay import overlay
from maskbench.synthesis.base import Method
from maskbench.training import state
from maskbench.training.checkpoint import STATE
from maskbench.training.curves import write_curves


class Keypoint(Method):
    """Key-point overlay, by thin-plate spline or by MaskTheFace's six-point homography."""

    name = "keypoint"

    def train(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        pictures: MaskPictures,
        params: Any,
        *,
        styles: Sequence[str],
        seed: int,
        out: Path,
        scratch: Path,
        log: Callable[[int, dict[str, float]], None],
    ) -> None:
        """Write an empty state and empty curves: there is nothing to learn."""
        state.save(out / STATE, {})
        write_curves(out / "curves.parquet", {})
        (out / "snapshots").mkdir()

    def apply(
        self,
        model: Path,
        faces: FaceSet,
        pictures: MaskPictures,
        params: Any,
        *,
        rows: Sequence[int],
        styles: Sequence[str],
        seed: int,
        out: Path,
    ) -> None:
        landmarks = faces.landmarks
        spec = {**faces.spec, "method": self.name, "seed": seed}
        writer = MaskedSetWriter(out, faces.size, spec)
        with writer:
            for row in rows:
                values = {column: faces.faces[column].iloc[row] for column in FACE_COLUMNS}
                of = values["face_id"]
                for style in styles:
                    masked, coverage = overlay(
                        np.asarray(faces.images[row]),
                        landmarks[row],
                        *pictures.picture(style),
                        fit=params.fit,
                        brightness=params.brightness,
                    )
                    values |= {"face_id": f"{of}@{style}", "bare_id": of, "style": style}
                    writer.add(masked, values | {"method": self.name}, coverage)
