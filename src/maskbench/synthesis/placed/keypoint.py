"""Key-point matching: the mask picture is tied to 68 landmarks of the face; nothing is learnt."""

from __future__ import annotations

import numpy as np

from maskbench.masks.overlay import overlay
from maskbench.synthesis.base import Faces, Method, Styles
from maskbench.synthesis.specs.keypoint import KeypointParams


class Keypoint(Method):
    """Key-point overlay, by thin-plate spline or by MaskTheFace's six-point homography."""

    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        return overlays(faces, styles, self.params)


def overlays(
    faces: Faces, styles: Styles | None, params: KeypointParams
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (B, n, n, 3) and coverages (B, n, n) uint8 of B faces, each in its style."""
    assert styles is not None
    made = [
        overlay(
            image, landmarks, *styles.pictures.picture(style), fit=params.fit,
            brightness=params.brightness,
        )
        for image, landmarks, style in zip(*faces, styles.names, strict=True)
    ]  # fmt: skip
    pictures, coverages = zip(*made, strict=True)
    return np.stack(pictures), np.stack(coverages)
