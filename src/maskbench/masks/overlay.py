"""Key-point overlay: lay a mask picture on a face by 68 landmarks, lit as the face is.

The picture is sampled with premultiplied alpha at twice the resolution and averaged, so that
edges are soft and carry no rim. The coverage returned is the mask's own alpha.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from maskbench.masks.lighting import is_grey, shading
from maskbench.masks.placement import Fit, place

_NODES = 25  # nodes a side of the grid on which a map is evaluated before it is interpolated
_ROWS = 512  # rows worked on at a time, which bounds the memory for large pictures
_SUPERSAMPLING = 2


def overlay(
    image: np.ndarray,
    landmarks: np.ndarray,
    rgba: np.ndarray,
    anchors: Mapping[str, tuple[float, float]],
    *,
    fit: Fit = "tps",
    brightness: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Put a mask on a face.

    Args:
        image: (H, W, 3) uint8 RGB, of any size.
        landmarks: (68, 2) as (x, y) in its pixels.
        rgba: the mask picture (h, w, 4) uint8, straight alpha.
        anchors: its anchor points in its pixels.
        fit: ``tps`` follows cheeks and chin; ``homography`` is MaskTheFace's six-point map;
            ``flat`` the projective map nearest to ``tps``.
        brightness: match the mask's brightness to the light on the face, and its colour to a
            picture without colour.

    Returns:
        The masked picture (H, W, 3) uint8, equal to ``image`` wherever the coverage is 0, and
        the coverage (H, W) uint8, 0..255. Landmarks that are no numbers give no mask.
    """
    masked = image.copy()
    coverage = np.zeros(image.shape[:2], np.uint8)
    if not np.isfinite(landmarks).all():
        return masked, coverage
    placement, span, visible = place(landmarks, anchors, fit)
    frame = _frame(span)
    if frame is None:
        return masked, coverage
    # The map is evaluated on the whole frame of the mask, and used on what lies in the picture.
    left, top, right, bottom = frame
    x0, x1 = max(left, 0), min(right, image.shape[1])
    y0, y1 = max(top, 0), min(bottom, image.shape[0])
    if x1 <= x0 or y1 <= y0:
        return masked, coverage
    picture, scale = _premultiplied(_with_loops(rgba, anchors, visible), span, anchors)
    if brightness and is_grey(image[y0:y1, x0:x1]):
        luminance = cv2.cvtColor(picture, cv2.COLOR_RGBA2GRAY)
        picture = cv2.merge([luminance, luminance, luminance, picture[..., 3]])
    nodes = np.empty((_NODES * _NODES, 2))
    nodes[:, 0] = np.tile(np.linspace(left - 0.5, right - 0.5, _NODES), _NODES)
    nodes[:, 1] = np.repeat(np.linspace(top - 0.5, bottom - 0.5, _NODES), _NODES)
    source = (placement(nodes) + 0.5) * scale - 0.5
    grid = np.ascontiguousarray(source.T, np.float32).reshape(2, _NODES, _NODES)
    light = shading(image, landmarks)(nodes).reshape(_NODES, _NODES) if brightness else None
    across = _interpolation(right - left, _SUPERSAMPLING, x0 - left, x1 - left).T.copy()
    plain_across = _interpolation(right - left, 1, x0 - left, x1 - left).T.copy()
    for start in range(y0, y1, _ROWS):
        stop = min(start + _ROWS, y1)
        rows = (start - top, stop - top)
        down = _interpolation(bottom - top, _SUPERSAMPLING, *rows)
        fine = cv2.remap(
            picture,
            down @ grid[0] @ across,
            down @ grid[1] @ across,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )
        layer = cv2.resize(fine, (x1 - x0, stop - start), interpolation=cv2.INTER_AREA)
        factor = None
        if light is not None:
            factor = _interpolation(bottom - top, 1, *rows) @ light @ plain_across
        window = (slice(start, stop), slice(x0, x1))
        masked[window], coverage[window] = composite(image[window], layer, factor)
    return masked, coverage


def composite(
    region: np.ndarray, layer: np.ndarray, factor: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Lay a premultiplied layer over a picture.

    Args:
        region: (h, w, 3) uint8.
        layer: (h, w, 4) float32, premultiplied RGBA in 0..255.
        factor: (h, w) float32, multiplies the layer's colour; None: 1.

    Returns:
        The blend (h, w, 3) uint8 and the coverage (h, w) uint8. Where the coverage rounds to 0
        the picture stays as it is, to the bit.
    """
    alpha = layer[..., 3]
    colour = cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB)
    if factor is not None:
        factor = np.ascontiguousarray(factor, np.float32)
        colour = cv2.multiply(colour, cv2.merge([factor] * 3))
        colour = cv2.min(colour, cv2.merge([alpha] * 3))
    free = np.float32(1) - alpha * np.float32(1 / 255)
    under = cv2.multiply(region, cv2.merge([free] * 3), dtype=cv2.CV_32F)
    blend = cv2.add(under, colour, dtype=cv2.CV_8U)  # rounds and saturates
    coverage = cv2.convertScaleAbs(alpha)
    return cv2.copyTo(blend, coverage, region.copy()), coverage


def _frame(span: np.ndarray) -> tuple[int, int, int, int] | None:
    """Pixel box (x0, y0, x1, y1) of the mask with a margin; None where there is none."""
    if not np.isfinite(span).all() or np.abs(span).max() > 1e6:
        return None
    low, high = span.min(0), span.max(0)
    margin = 0.08 * float((high - low).max()) + 2
    x0, y0 = np.floor(low - margin).astype(int)
    x1, y1 = np.ceil(high + margin).astype(int) + 1
    return int(x0), int(y0), int(x1), int(y1)


def _with_loops(
    rgba: np.ndarray, anchors: Mapping[str, tuple[float, float]], visible: Mapping[str, float]
) -> np.ndarray:
    """The picture with the loops of each side faded to their visibility. Loops are what lies
    beyond the edge anchors of the body, plus a little for the hem's outline."""
    if min(visible.values()) >= 1:
        return rgba
    rgba = rgba.copy()
    height, width = rgba.shape[:2]
    slack = 0.012 * width
    for side, sign in (("left", -1), ("right", 1)):
        if visible[side] >= 1:
            continue
        edge = np.array([anchors[f"{place}_{side}"] for place in ("upper", "mid", "lower")])
        border = np.interp(np.arange(height), edge[:, 1], edge[:, 0]) + sign * slack
        beyond = sign * (np.arange(width)[None] - border[:, None]) > 0
        beyond &= np.arange(height)[:, None] <= edge[2, 1] + slack
        alpha = rgba[..., 3]
        alpha[beyond] = np.rint(alpha[beyond] * visible[side]).astype(np.uint8)
    return rgba


def _premultiplied(
    rgba: np.ndarray, span: np.ndarray, anchors: Mapping[str, tuple[float, float]]
) -> tuple[np.ndarray, float]:
    """The picture as premultiplied float32 in 0..255, made smaller where it is much finer than
    the face (else sampling would alias), and the scale by which it was."""
    points = np.array(list(anchors.values()))
    density = float(np.ptp(points, axis=0).max() / max(np.ptp(span, axis=0).max(), 1.0))
    alpha = np.ascontiguousarray(rgba[..., 3])
    picture = cv2.multiply(rgba, cv2.merge([alpha] * 4), scale=1 / 255, dtype=cv2.CV_32F)
    picture[..., 3] = alpha
    if density <= _SUPERSAMPLING:
        return picture, 1.0
    side = max(8, round(rgba.shape[1] / density * 1.5))
    scale = side / rgba.shape[1]
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), scale


def _interpolation(pixels: int, supersampling: int, start: int, stop: int) -> np.ndarray:
    """Matrix that interpolates linearly from the nodes, which span ``pixels`` from edge to edge,
    to the (supersampled) pixel centres ``start`` to ``stop``: (n, _NODES) float32."""
    first, last = start * supersampling, stop * supersampling
    at = (np.arange(first, last) + 0.5) * ((_NODES - 1) / (pixels * supersampling))
    left = np.minimum(at.astype(int), _NODES - 2)
    share = (at - left).astype(np.float32)
    matrix = np.zeros((last - first, _NODES), np.float32)
    rows = np.arange(last - first)
    matrix[rows, left], matrix[rows, left + 1] = 1 - share, share
    return matrix
