"""The light on a face, estimated from its skin, so that a mask can be lit the same way.

Log luminance is sampled on skin (cheeks, nose, jaw, brow; not eyes, mouth or nostrils) and a
smooth surface, linear in height and quadratic across the face, is fitted robustly to it. Its
slope carries the side light and the fall-off; its level, against skin in good light, the exposure.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

_SKIN_IN_GOOD_LIGHT = 165.0  # luminance, 0..255, of the faces for which a mask is left as drawn
_EXPOSURE_POWER = 0.5  # skin also varies in its own brightness: half of the difference is light
_SHAPE_POWER = 0.8
_LOG_RANGE = (-1.1, 0.22)  # bounds of the log factor

# Skin samples: points between a jaw landmark and a nose landmark, (jaw, nose, shares of the way).
_BETWEEN = (
    (1, 28, (0.12, 0.3, 0.5)),
    (2, 29, (0.12, 0.3, 0.5, 0.7)),
    (3, 30, (0.12, 0.3, 0.5)),
    (4, 33, (0.12, 0.3)),
    (5, 57, (0.15, 0.35)),
    (6, 57, (0.2, 0.4)),
)
_NOSE = (27, 28, 29, 30)


def _skin_weights() -> np.ndarray:
    """(K, 68): each sample point as a weighted mean of landmarks."""
    rows = []

    def add(**weights: float) -> None:
        row = np.zeros(68)
        for name, weight in weights.items():
            row[int(name[1:])] += weight
        rows.append(row)

    for jaw, nose, shares in _BETWEEN:
        for share in shares:
            for side in (jaw, 16 - jaw):
                add(**{f"p{side}": 1 - share, f"q{nose}": share})
    for nose in _NOSE:
        add(**{f"p{nose}": 1.0})
    add(p8=0.5, q57=0.5)
    add(p21=0.5, q22=0.5)
    return np.array(rows)


_SKIN = _skin_weights()

Shading = Callable[[np.ndarray], np.ndarray]


def is_grey(image: np.ndarray, tolerance: int = 3) -> bool:
    """Whether a picture (H, W, 3) uint8 has no colour (channels equal within ``tolerance``)."""
    if image.size == 0:
        return False
    step = max(1, image.shape[0] // 128)
    red, green, blue = cv2.split(np.ascontiguousarray(image[::step, ::step]))
    return (
        cv2.norm(red, green, cv2.NORM_INF) <= tolerance
        and cv2.norm(green, blue, cv2.NORM_INF) <= tolerance
    )


def shading(image: np.ndarray, landmarks: np.ndarray) -> Shading:
    """Estimate the light on a face.

    Args:
        image: (H, W, 3) uint8 RGB.
        landmarks: (68, 2) in its pixels.

    Returns:
        A function from points (M, 2) in picture pixels to factors (M,) float32 for the mask's
        brightness: 1 in good light, bounded to about 0.33..1.25.
    """
    marks = np.asarray(landmarks, np.float64)
    centre = marks[30]
    across = marks[42:48].mean(0) - marks[36:42].mean(0)
    across /= np.linalg.norm(across) + 1e-9
    down = np.array([-across[1], across[0]])
    width = max(float(abs((marks[15] - marks[1]) @ across)), 4.0)

    def basis(points: np.ndarray) -> np.ndarray:
        u = (points - centre) @ across / width
        v = (points - centre) @ down / width
        return np.stack([np.ones_like(u), u, v, u * u], axis=1)

    samples = _SKIN @ marks
    values = _luminance_at(image, samples, width / 24)
    if len(values) == 0 or not np.isfinite(values).any():
        return lambda points: np.ones(len(points), np.float32)
    logs = np.log(np.maximum(values, 4.0))
    inside = np.isfinite(logs)
    design, wanted = basis(samples[inside]), logs[inside]
    ridge = np.diag([1e-6, 0.05, 0.3, 1.0])  # few or uncertain samples: rather flat
    weight = np.ones(len(wanted))
    for _ in range(4):  # Cauchy weights: hair, beard and glasses count little
        normal = design.T @ (design * weight[:, None]) + ridge
        fit = np.linalg.solve(normal, design.T @ (weight * wanted))
        weight = 1 / (1 + ((wanted - design @ fit) / 0.25) ** 2)
    level = float(np.average(design @ fit, weights=weight))
    exposure = _EXPOSURE_POWER * (level - np.log(_SKIN_IN_GOOD_LIGHT))

    def factor(points: np.ndarray) -> np.ndarray:
        # Outside of the samples' extent the surface is not known: held at its border.
        u = ((points - centre) @ across / width).clip(-0.55, 0.55)
        v = ((points - centre) @ down / width).clip(-0.5, 0.75)
        surface = np.stack([np.ones_like(u), u, v, u * u], axis=1) @ fit
        log = exposure + _SHAPE_POWER * (surface - level)
        return np.exp(log.clip(*_LOG_RANGE)).astype(np.float32)

    return factor


def _luminance_at(image: np.ndarray, points: np.ndarray, radius: float) -> np.ndarray:
    """Mean luminance in a square of half side ``radius`` around each point; NaN outside."""
    height, width = image.shape[:2]
    reach = max(1, round(radius))
    x, y = np.rint(points).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    out = np.full(len(points), np.nan)
    if inside.any():
        x, y = x[inside], y[inside]
        left, top = max(x.min() - reach, 0), max(y.min() - reach, 0)
        part = image[top : y.max() + reach + 1, left : x.max() + reach + 1]
        grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)
        side = 2 * reach + 1
        mean = cv2.blur(grey, (side, side), borderType=cv2.BORDER_REPLICATE)
        out[inside] = mean[y - top, x - left]
    return out
