"""Does the mask sit where the key-point overlay puts it, and can one see through it?"""

from __future__ import annotations

import numpy as np

COVERED = 128
"""A pixel belongs to the mask from this coverage (of 255) on."""


def placement_iou(coverage: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Intersection over union of each mask's pixels with the reference's.

    Args:
        coverage, reference: uint8, (B, H, W), 0..255; pixels from :data:`COVERED` on count.

    Returns:
        (B,) float64 in 0..1; NaN where both are empty.
    """
    a, b = coverage >= COVERED, reference >= COVERED
    union = (a | b).sum(axis=(1, 2)).astype(np.float64)
    union[union == 0] = np.nan
    return (a & b).sum(axis=(1, 2)) / union


def alpha_mean(coverage: np.ndarray) -> np.ndarray:
    """How opaque a mask is: the mean coverage of the pixels that belong to it.

    Args:
        coverage: uint8, (B, H, W), 0..255; pixels from :data:`COVERED` on belong to the mask.

    Returns:
        (B,) float64 in 0..1; NaN where no pixel does.
    """
    inside = coverage >= COVERED
    count = inside.sum(axis=(1, 2)).astype(np.float64)
    count[count == 0] = np.nan
    return np.where(inside, coverage, 0).sum(axis=(1, 2)) / (255 * count)
