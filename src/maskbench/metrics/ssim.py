"""Structural similarity (Wang et al. 2004), over pairs of pictures.

The settings of that paper: Gaussian window of sigma 1.5 (11 x 11), biased covariance, K1 = 0.01,
K2 = 0.03, range 255; a colour picture's map is the mean of its three channels' maps. These are the
numbers of ``skimage.metrics.structural_similarity(gaussian_weights=True, sigma=1.5,
use_sample_covariance=False, channel_axis=-1)``, to which the tests hold them; OpenCV's separable
filter on all channels at once makes them several times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from maskbench.errors import MaskbenchError

_SIGMA, _RADIUS = 1.5, 5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_KERNEL = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / _SIGMA) ** 2)
_KERNEL /= _KERNEL.sum()


def _smooth(x: np.ndarray) -> np.ndarray:
    return cv2.sepFilter2D(x, cv2.CV_64F, _KERNEL, _KERNEL, borderType=cv2.BORDER_REFLECT)


@dataclass(frozen=True)
class Moments:
    """A picture with its local means and variances, which every comparison with it needs.

    Attributes:
        pixels, mean, variance: float64, (H, W, 3).
    """

    pixels: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, image: np.ndarray) -> Moments:
        """Of a uint8 picture (H, W, 3).

        Raises:
            MaskbenchError: a side is smaller than the window.
        """
        if min(image.shape[:2]) < 2 * _RADIUS + 1:
            raise MaskbenchError("ssim", f"a picture of {image.shape[:2]}", "11 pixels at least")
        x = image.astype(np.float64)
        mean = _smooth(x)
        return cls(x, mean, _smooth(x * x) - mean * mean)


def ssim_map(a: Moments, b: Moments) -> np.ndarray:
    """SSIM of every pixel's neighbourhood (equation 13), mean over channels: (H, W) in -1..1."""
    product = a.mean * b.mean
    covariance = _smooth(a.pixels * b.pixels) - product
    score = (2 * product + _C1) * (2 * covariance + _C2)
    score /= (a.mean * a.mean + b.mean * b.mean + _C1) * (a.variance + b.variance + _C2)
    return score.mean(axis=2)


def mean_ssim(a: Moments, b: Moments) -> float:
    """Mean SSIM. The outer 5 pixels, where the window leaves the picture, do not count, as in
    scikit-image."""
    inner = slice(_RADIUS, -_RADIUS)
    return float(ssim_map(a, b)[inner, inner].mean())


def mean_ssim_outside(a: Moments, b: Moments, coverage: np.ndarray) -> float:
    """Mean of the full SSIM map where the whole window is free, that is where ``coverage`` (H, W)
    is 0 within 5 pixels either way; NaN where that is nowhere."""
    window = np.ones((2 * _RADIUS + 1,) * 2, np.uint8)
    free = cv2.dilate(coverage, window) == 0
    return float(ssim_map(a, b)[free].mean()) if free.any() else float("nan")


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean SSIM of each pair of uint8 pictures, (B, H, W, 3) twice -> (B,) float64."""
    pairs = zip(a, b, strict=True)
    return np.array([mean_ssim(Moments.of(x), Moments.of(y)) for x, y in pairs])


def ssim_outside_mask(a: np.ndarray, b: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    """SSIM of each pair over the windows that a mask leaves wholly free: pictures that agree
    wherever no mask lies score 1.

    Args:
        a, b: uint8, (B, H, W, 3).
        coverage: uint8, (B, H, W); 0 = free.

    Returns:
        (B,) float64; NaN where nothing is free.
    """
    triples = zip(a, b, coverage, strict=True)
    return np.array([mean_ssim_outside(Moments.of(x), Moments.of(y), c) for x, y, c in triples])
