"""From a mask's coverage to the hole that is painted, and the painting into the picture."""

from __future__ import annotations

import cv2
import numpy as np

from maskbench.restoration.specs import HoleParams


def grown(region: np.ndarray, pixels: float) -> np.ndarray:
    """A region (H, W) bool and all that lies within ``pixels`` of it."""
    if pixels <= 0 or not region.any():
        return region
    return cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, 5) <= pixels


def holes_of(masks: np.ndarray, params: HoleParams) -> tuple[np.ndarray, np.ndarray]:
    """The holes of coverages.

    Args:
        masks: (B, H, W) uint8.
        params: how.

    Returns:
        holes (B, H, W) bool: what is painted; and how much of the painting is laid over the picture
        (B, H, W) uint8: 255 inside, falling to 0 at the hole's edge. Both are empty for a picture
        that shows no mask.
    """
    side = masks.shape[1]
    holes = np.zeros(masks.shape, bool)
    soft = np.zeros(masks.shape, np.uint8)
    for number, mask in enumerate(masks):
        region = mask >= params.threshold
        if not region.any() or region.mean() < params.least_cover:
            continue
        holes[number] = hole = grown(region, params.grow * side)
        seam = params.feather * side
        # Padded: a hole that runs over the picture's edge has no seam there.
        inside = np.pad(hole, 1, mode="edge").astype(np.uint8)
        depth = cv2.distanceTransform(np.pad(inside, 64, mode="edge"), cv2.DIST_L2, 5)[
            65:-65, 65:-65
        ]
        share = np.clip(depth / (seam + 1), 0, 1) if seam > 0 else hole.astype(np.float32)
        soft[number] = np.where(hole, np.maximum(np.rint(share * 255), 1), 0).astype(np.uint8)
    return holes, soft


def paste(images: np.ndarray, painted: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """Lay paintings over pictures: uint8 (B, H, W, 3) twice and (B, H, W) shares of 255 -> uint8
    (B, H, W, 3), the picture itself to the bit where the share is 0."""
    share = soft[..., None].astype(np.float32) / 255
    mixed = images * (1 - share) + painted * share
    return np.where(soft[..., None] > 0, np.rint(mixed), images).astype(np.uint8)
