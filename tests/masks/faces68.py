"""A symmetric frontal face of 68 landmarks in a picture of 144 x 144, and its turned views."""

from __future__ import annotations

import numpy as np

_JAW = [
    (17, 22),
    (18, 36),
    (20, 50),
    (22.5, 64),
    (27, 78),
    (35, 90),
    (45, 99),
    (58, 106),
    (71.5, 109),
]
_BROW = [(25, 15), (31, 10), (39, 8.5), (48, 10), (57, 13)]
_BRIDGE = [(71.5, 20), (71.5, 28.5), (71.5, 37), (71.5, 46)]
_NOSTRILS = [(61, 53), (66, 55), (71.5, 56.5)]
_EYE = [(38, 23), (44, 20), (51, 20), (57, 24), (51, 25.5), (44, 25.5)]
_OUTER = [(50.5, 71), (58, 67.5), (66, 66), (71.5, 67)]
_OUTER_LOW = [(66, 81), (58, 78)]
_INNER = [(54, 71.5), (66, 70), (71.5, 70.5)]


def _flip(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(143 - x, y) for x, y in points]


def frontal_face() -> np.ndarray:
    """(68, 2) float64, symmetric about x = 71.5."""
    right_eye = _flip([_EYE[k] for k in (3, 2, 1, 0, 5, 4)])
    outer = [*_OUTER, *_flip(_OUTER[:3])[::-1], *_flip(_OUTER_LOW)[::-1], (71.5, 82), *_OUTER_LOW]
    inner = [*_INNER, *_flip(_INNER[:2])[::-1], (77, 73), (71.5, 73.5), (66, 73)]
    points = [
        *_JAW,
        *_flip(_JAW[:8])[::-1],
        *_BROW,
        *_flip(_BROW)[::-1],
        *_BRIDGE,
        *_NOSTRILS,
        *_flip(_NOSTRILS[:2])[::-1],
        *_EYE,
        *right_eye,
        *outer,
        *inner,
    ]
    return np.array(points, np.float64)


_PAIRS = np.array(
    [
        *(*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1)),
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
        *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65),
    ]
)


def mirrored(face: np.ndarray, width: int) -> np.ndarray:
    """The landmarks of the mirrored picture."""
    out = face[_PAIRS].copy()
    out[:, 0] = width - 1 - out[:, 0]
    return out


def turned(face: np.ndarray, yaw: float) -> np.ndarray:
    """The face turned by ``yaw`` degrees (> 0: to the picture's right), seen from far away, as on
    an upright cylinder whose nose and mouth jut out. What turns behind the contour is annotated on
    it, as landmark predictors do."""
    half, middle = 55.0, 71.5
    around = np.arcsin(((face[:, 0] - middle) / half).clip(-1, 1)) + np.radians(yaw)
    juts = np.zeros(68)
    juts[27:36] = [2, 6, 11, 16, 6, 8, 10, 8, 6]
    juts[48:] = 4
    out = face.copy()
    out[:, 0] = middle + half * np.sin(around.clip(-np.pi / 2, np.pi / 2))
    out[:, 0] += juts * np.sin(np.radians(yaw))
    return out
