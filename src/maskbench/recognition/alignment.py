"""Face chips for dlib's recogniser that a mask does not turn or shift.

A predictor of landmarks guesses what a mask hides, and guesses differently with every box it starts
from. So the five-point predictor starts from many boxes around the detector's, each point is the
median of all its guesses, and the chip is aligned by the four corners of the eyes alone: the fifth
point, beneath the nose, is under the mask. On MFR2 this alignment, with the network unchanged, is
worth a point of AUC over one box and five points.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import cv2
import numpy as np

from maskbench.metrics.dlib_network import CHIP

# Squares of these sides, moved down and across by so much: all as shares of the MTCNN box's height.
SIDES, DOWN, ACROSS = (0.85, 0.95, 1.05), (0.0, 0.05, 0.1), (-0.03, 0.03)
# Places of the corners of the eyes (the five-point predictor's points 0 to 3) in dlib's mean face,
# whose box is 0..1; and how much of the face's size is left around it in a chip.
EYES = np.array([[0.85957, 0.21350], [0.64606, 0.22897], [0.12058, 0.21373], [0.33409, 0.22906]])
PADDING = 0.225

Predict = Callable[[np.ndarray, Any], Any]


def eye_corners(image: np.ndarray, box: np.ndarray, predict: Predict) -> np.ndarray:
    """The corners of the eyes, medians over all start boxes.

    Args:
        image: (H, W, 3) uint8 RGB, contiguous.
        box: (4,) MTCNN's x0 y0 x1 y1 in its pixels.
        predict: dlib's five-point predictor.

    Returns:
        (4, 2) float64 (x, y).
    """
    import dlib

    x0, y0, x1, y1 = (float(v) for v in box)
    height, x, y = y1 - y0, (x0 + x1) / 2, (y0 + y1) / 2
    found = []
    for side, down, across in product(SIDES, DOWN, ACROSS):
        half, cx, cy = side * height / 2, x + across * height, y + down * height
        edges = (cx - half, cy - half, cx + half, cy + half)
        shape = predict(image, dlib.rectangle(*(round(v) for v in edges)))
        found.append([(point.x, point.y) for point in shape.parts()][:4])
    return np.median(np.array(found, np.float64), axis=0)


def similarity(points: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The turn, scaling and shift that brings points nearest to places (least squares): (2, 3)."""
    middle, goal = points.mean(0), places.mean(0)
    p, q = points - middle, places - goal
    size = max((p**2).sum(), 1e-12)
    a = (p * q).sum() / size
    b = (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum() / size
    turn = np.array([[a, -b], [b, a]])
    return np.column_stack([turn, goal - turn @ middle])


def aligned(image: np.ndarray, box: np.ndarray, predict: Predict) -> np.ndarray:
    """The chip (150, 150, 3) uint8; black where the picture ends. See :func:`eye_corners`."""
    places = (PADDING + EYES) / (1 + 2 * PADDING) * CHIP
    warp = similarity(eye_corners(image, box, predict), places)
    return cv2.warpAffine(image, warp, (CHIP, CHIP), flags=cv2.INTER_LINEAR)
