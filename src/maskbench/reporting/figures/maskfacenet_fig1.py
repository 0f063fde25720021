"""Paper 2, Figure 1: original picture, mask added, cropped.

The paper puts the mask on the whole picture and crops afterwards. Here faces are cropped first, so
that the middle picture is the original with the masked pixels put back where the crop came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from maskbench.artifacts import read_json
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.sheets import Sheet, examples, first_seen
from maskbench.reporting.figures.style import GREY, FigureInputs

NEEDS = ("pictures", "masked")
ROWS, HEIGHT = 3, 1.35  # examples; inches a picture


def put_back(
    original: np.ndarray, crop: np.ndarray, mask: np.ndarray, crop_box: Sequence[float]
) -> np.ndarray:
    """The original with the crop's masked pixels in place.

    Args:
        original: uint8 (H, W, 3).
        crop: the masked crop, uint8 (S, S, 3).
        mask: its coverage, uint8 (S, S).
        crop_box: x0 y0 x1 y1 of the crop in pixels of the original; it may reach beyond it.
    """
    height, width = original.shape[:2]
    x0, y0, x1, y1 = (float(v) for v in crop_box)
    sx, sy = (x1 - x0) / crop.shape[1], (y1 - y0) / crop.shape[0]
    # Pixel centres: crop pixel i covers the original from x0 + i sx to x0 + (i + 1) sx.
    affine = np.array([[sx, 0, x0 + (sx - 1) / 2], [0, sy, y0 + (sy - 1) / 2]])
    shrink = max(1.0, 1.0 / max(sx, sy))
    blur = cv2.GaussianBlur(crop, (0, 0), shrink / 2) if shrink > 1 else crop
    worn = (mask > 0).astype(np.float32)
    flags = cv2.INTER_LINEAR
    there = cv2.warpAffine(blur, affine, (width, height), flags=flags)
    weight = cv2.warpAffine(worn, affine, (width, height), flags=flags)[..., None]
    return np.rint(there * weight + original * (1 - weight)).astype(np.uint8)


def draw(inputs: FigureInputs) -> Figure:
    """Up to three rows: original, masked, cropped."""
    assert inputs.pictures is not None
    source = read_json(inputs.pictures / "source.json")
    masked = MaskedSet.open(inputs.masked[0])
    rows = examples(masked.faces, first_seen(masked.faces["style"]), ROWS)
    if not rows:
        raise MaskbenchError(masked.path, "the masked set is empty", "check --masked")
    originals = [_original(inputs.pictures, source, masked.faces["source"].iloc[r]) for r in rows]
    ratio = max(picture.shape[1] / picture.shape[0] for picture in originals)
    ratio = min(ratio, 1.6)
    heads = ("original", "masked", "cropped")
    lefts = (0.04, 0.08 + ratio, 0.12 + 2 * ratio)
    sheet = Sheet(2 * ratio + 1.16, len(rows) * 1.05 + 0.2, HEIGHT)
    for left, wide, head in zip(lefts, (ratio, ratio, 1.0), heads, strict=True):
        sheet.text(left + wide / 2, 0.13, head, 7, GREY, align="center")
    for line, (row, original) in enumerate(zip(rows, originals, strict=True)):
        y = 0.19 + line * 1.05
        face = masked.faces.iloc[row]
        whole = put_back(original, masked.images[row], masked.masks[row], face["crop_box"])
        for left, picture in zip(lefts, (original, whole), strict=False):
            wide = min(ratio, picture.shape[1] / picture.shape[0])
            high = wide * picture.shape[0] / picture.shape[1]
            x, down = left + (ratio - wide) / 2, (1 - high) / 2
            sheet.picture(x, y + down, picture, wide, high)
        sheet.picture(lefts[2], y, masked.images[row])
    return sheet.figure


def _original(pictures: Path, source: dict[str, str], name: str) -> np.ndarray:
    root = Path(source["root"])
    return read_picture((root if root.is_absolute() else pictures / root) / name)
