"""Structural similarity (Wang et al. 2004), over pairs of pictures.

The settings of that paper: Gaussian window of sigma 1.5 (11 x 11), biased covariance, K1 = 0.01,
K2 = 0.03, range 255; a colour picture's map is the mean of its three channels' maps. These are the
numbers of ``skimage.metrics.structural_similarity(gaussian_weights=True, sigma=1.5,
use_sample_covariance=False, channel_axis=-1)``, to which the tests hold them; OpenCV's separable
filter on all channels at once makes them several times as fast.
"""

from __future__ import annotations

import cv2
import numpy as np

from maskbench.errors import MaskbenchError

_SIGMA, _RADIUS = 1.5, 5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_KERNEL = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / _SIGMA) ** 2)
_KERNEL /= _KERNEL.sum()


def _smooth(x: np.ndarray) -> np.ndarray:
    return cv2.sepFilter2D(x, cv2.CV_64F, _KERNEL, _KERNEL, borderType=cv2.BORDER_REFLECT)


def ssim_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """SSIM of every pixel's neighbourhood (equation 13), mean over channels.

    Args:
        a, b: uint8, (H, W, 3), sides of at least 11 pixels.

    Returns:
        (H, W) float64 in -1..1.

    Raises:
        MaskbenchError: the shapes differ, or a side is smaller than the window.
    """
    if a.shape != b.shape or min(a.shape[:2]) < 2 * _RADIUS + 1:
        raise MaskbenchError(
            "ssim", f"pictures of shapes {a.shape} and {b.shape}", "use equal ones of >= 11 pixels"
        )
    x, y = a.astype(np.float64), b.astype(np.float64)
    ux, uy = _smooth(x), _smooth(y)
    vx, vy, vxy = (
        _smooth(p) - q for p, q in ((x * x, ux * ux), (y * y, uy * uy), (x * y, ux * uy))
    )
    score = (2 * ux * uy + _C1) * (2 * vxy + _C2)
    score /= (ux * ux + uy * uy + _C1) * (vx + vy + _C2)
    return score.mean(axis=2)


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean SSIM of each pair; the outer 5 pixels, where the window leaves the picture, are left
    out of the mean as in scikit-image.

    Args:
        a, b: uint8, (B, H, W, 3).

    Returns:
        (B,) float64.
    """
    inner = slice(_RADIUS, -_RADIUS)
    return np.array([ssim_map(x, y)[inner, inner].mean() for x, y in zip(a, b, strict=True)])


def ssim_outside_mask(a: np.ndarray, b: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    """Mean of the full SSIM map over the pixels that ``coverage`` leaves wholly free.

    Args:
        a, b: uint8, (B, H, W, 3).
        coverage: uint8, (B, H, W); 0 = free.

    Returns:
        (B,) float64; NaN where nothing is free.
    """
    out = np.full(len(a), np.nan)
    for i, (x, y, cover) in enumerate(zip(a, b, coverage, strict=True)):
        free = cover == 0
        if free.any():
            out[i] = ssim_map(x, y)[free].mean()
    return out
