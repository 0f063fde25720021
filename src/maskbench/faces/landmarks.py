"""68 landmarks (iBUG 300-W numbering) by dlib's shape predictor inside an MTCNN box.

Kazemi and Sullivan: One Millisecond Face Alignment with an Ensemble of Regression Trees, CVPR
2014; the predictor file is dlib's ``shape_predictor_68_face_landmarks``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np

from maskbench.datasets.weights import weights_file
from maskbench.errors import MaskbenchError

PREDICTOR = "dlib_landmarks_68.dat"

# dlib's boxes are squares from the brows to below the mouth, MTCNN's upright rectangles from the
# forehead to the chin. Side, and how far the centre lies lower, relative to the MTCNN box's
# height: medians over faces of ORL and LFW that both detectors found (equal in both sets).
_SIDE, _DOWN = 0.84, 0.067
_WORKING_SIDE = 160  # the face box is brought to this many pixels before predicting


def shape_predictor(path: Path) -> Any:
    """dlib's predictor of landmarks, from its file.

    Raises:
        MaskbenchError: the file is damaged.
    """
    try:
        return dlib.shape_predictor(str(path))
    except RuntimeError as error:
        raise MaskbenchError(
            path, f"not a landmark predictor ({error})", "fetch the weights again"
        ) from error


class LandmarkPredictor:
    """The predictor, opened once."""

    def __init__(self, weights: Path) -> None:
        """Open ``weights/dlib_landmarks_68.dat``.

        Raises:
            MaskbenchError: the file is missing or damaged.
        """
        self._predict = shape_predictor(weights_file(weights, PREDICTOR))

    def predict(self, image: np.ndarray, box: np.ndarray) -> np.ndarray:
        """Predict 68 landmarks.

        Args:
            image: (H, W, 3) uint8 RGB.
            box: (4,) MTCNN box x0 y0 x1 y1 in pixels of ``image`` (edges).

        Returns:
            (68, 2) float32 (x, y) in pixels of ``image``, pixel centres at integers.
        """
        x0, y0, x1, y1 = (float(v) for v in box)
        height = y1 - y0
        side = height * _SIDE
        centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2 + height * _DOWN])
        # A patch of twice the box's side, the face in its middle, always of the same size: the
        # predictor compares single pixels, which alias in large pictures and repeat in small ones.
        scale = _WORKING_SIDE / side
        patch = 2 * _WORKING_SIDE
        corner = centre - side
        warp = np.array([[1 / scale, 0, corner[0]], [0, 1 / scale, corner[1]]])
        warp[:, 2] += 0.5 / scale - 0.5  # pixel centres at integers on both sides
        pixels = cv2.warpAffine(
            image,
            warp,
            (patch, patch),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        low, high = _WORKING_SIDE // 2, _WORKING_SIDE // 2 + _WORKING_SIDE - 1
        shape = self._predict(pixels, dlib.rectangle(low, low, high, high))
        points = np.array([(p.x, p.y) for p in shape.parts()], np.float64)
        return (points @ warp[:, :2].T + warp[:, 2]).astype(np.float32)
