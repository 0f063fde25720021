"""The size of uint8 pictures; imports no torch."""

from __future__ import annotations

import cv2
import numpy as np


def resized(image: np.ndarray, size: int) -> np.ndarray:
    """A uint8 picture (H, W) or (H, W, C) with a side of ``size``: areas are averaged where it
    shrinks, cubic interpolation where it grows."""
    if image.shape[:2] == (size, size):
        return image
    how = cv2.INTER_AREA if size < image.shape[0] else cv2.INTER_CUBIC
    return cv2.resize(image, (size, size), interpolation=how)
