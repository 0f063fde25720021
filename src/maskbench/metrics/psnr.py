"""Peak signal-to-noise ratio over pairs of pictures."""

from __future__ import annotations

import numpy as np

CEILING = 100.0
"""dB given to equal pictures, whose ratio is infinite; means and intervals stay finite."""


def psnr(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """PSNR of each pair in dB, peak 255, over all channels, at most :data:`CEILING`.

    Args:
        a, b: uint8, (B, H, W, 3).

    Returns:
        (B,) float64.
    """
    pairs = zip(a, b, strict=True)
    errors = [np.square(np.subtract(x, y, dtype=np.float64)).mean() for x, y in pairs]
    with np.errstate(divide="ignore"):
        return np.minimum(10 * np.log10(255**2 / np.array(errors)), CEILING)
