"""Square crops: which square, its pixels, and landmarks carried into it.

Crop boxes are x0 y0 x1 y1 on whole pixels (edges: pixel i covers [i, i + 1)) and may reach out
of the picture; landmarks have pixel centres at integers. So a place x of the picture lies at
``(x + 0.5 - x0) * size / (x1 - x0) - 0.5`` of the crop.
"""

from __future__ import annotations

import numpy as np

from maskbench.imaging.resize import resized


def crop_name(margin: float, size: int) -> str:
    """The short name of a crop, the column ``crop`` of measurements: ``mtcnn+0.2/144``."""
    return f"mtcnn+{margin:g}/{size}"


def square_around(box: np.ndarray, margin: float) -> np.ndarray:
    """The square to crop: around the box's centre, side = longer side x (1 + margin).

    Args:
        box: (4,) x0 y0 x1 y1 in pixels.
        margin: 0.2 enlarges the whole side by 0.2, that is by a tenth on each edge (the second
            paper expands the MTCNN box «by a factor 0.2»).

    Returns:
        (4,) float32, rounded to whole pixels, so that the crop needs no resampling but its resize.
    """
    x0, y0, x1, y1 = (float(v) for v in box)
    side = max(1, round(max(x1 - x0, y1 - y0) * (1 + margin)))
    left, top = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
    return np.array([left, top, left + side, top + side], np.float32)


def crop_square(image: np.ndarray, crop_box: np.ndarray, size: int) -> np.ndarray:
    """Cut a square out and resize it: areas averaged when shrinking, cubic when enlarging.

    Args:
        image: (H, W) or (H, W, C) uint8.
        crop_box: (4,) whole pixels; what lies outside the picture repeats its edge.
        size: side of the result.

    Returns:
        (size, size) or (size, size, C) uint8.
    """
    x0, y0, x1, y1 = (int(v) for v in crop_box)
    height, width = image.shape[:2]
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        part = image[y0:y1, x0:x1]
    else:
        rows = np.clip(np.arange(y0, y1), 0, height - 1)
        columns = np.clip(np.arange(x0, x1), 0, width - 1)
        part = image[rows[0] : rows[-1] + 1][:, columns][rows - rows[0]]
    return resized(np.ascontiguousarray(part), size)


def to_crop(points: np.ndarray, crop_box: np.ndarray, size: int) -> np.ndarray:
    """Places in the picture (..., 2) -> places in the crop, float32."""
    box = np.asarray(crop_box, np.float64)
    scale = size / float(box[2] - box[0])
    return ((points + 0.5 - box[:2]) * scale - 0.5).astype(np.float32)
