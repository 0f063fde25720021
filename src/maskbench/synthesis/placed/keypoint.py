"""Key-point matching: the mask picture is tied to 68 landmarks of the face; nothing is learnt."""

from __future__ import annotations

import numpy as np

from maskbench.masks.overlay import overlay
from maskbench.synthesis.base import Faces, Method, Styles


class Keypoint(Method):
    """Key-point overlay, by thin-plate spline or by MaskTheFace's six-point homography."""

    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        assert styles is not None
        made = [
            overlay(
                image, landmarks, *styles.pictures.picture(style), fit=self.params.fit,
                brightness=self.params.brightness,
            )
            for image, landmarks, style in zip(*faces, styles.names, strict=True)
        ]  # fmt: skip
        pictures, coverages = zip(*made, strict=True)
        return np.stack(pictures), np.stack(coverages)
