"""How alike two masks look, wherever they sit and whatever their shape."""

from __future__ import annotations

import numpy as np
from skimage.color import rgb2lab

from maskbench.metrics.placement import COVERED


def look(pictures: np.ndarray, coverages: np.ndarray) -> np.ndarray:
    """Colour and pattern of masks: the means of L*, a* and b* and the standard deviation of L*, all
    over the pixels that the mask covers, in units of CIELAB.

    Means and a deviation do not ask where a pixel lies: the same mask on another face, at another
    size, looks the same. The deviation tells a pattern from a plain mask of the same mean. How far
    apart two masks are is the Euclidean distance of these four numbers; of the colours alone it is
    CIE 1976's colour difference, of which 2.3 is just noticeable.

    Args:
        pictures: (B, H, W, 3) uint8 sRGB.
        coverages: (B, H, W) uint8; pixels from :data:`.placement.COVERED` on belong to the mask.

    Returns:
        (B, 4) float64; NaN where no pixel belongs to a mask.
    """
    found = np.full((len(pictures), 4), np.nan)
    for row, (picture, coverage) in enumerate(zip(pictures, coverages, strict=True)):
        inside = picture[coverage >= COVERED]
        if len(inside):
            colours = rgb2lab(inside[None])[0]
            found[row] = *colours.mean(0), colours[:, 0].std()
    return found
