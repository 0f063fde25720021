"""The mask pictures: SVG sources in the package, rasterised with their anchor points.

A style is one stand-alone file ``art/<style>.svg`` with a view box of 144 x 144 units, a
transparent ground, the mask in the middle and its ear loops reaching the left and right edges. Its
``data-kind`` is one of :data:`maskbench.masks.styles.KINDS`.
Circles ``<circle id="anchor-NAME" cx= cy=/>`` in a group that is not displayed name the points
that the key-point overlay ties to a face (:data:`ANCHORS`). A new file is a new style.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from maskbench.artifacts import read_json, write_json
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.masks.styles import style_names, svg_source

VIEW_BOX = 144.0
ANCHORS = (
    "nose_top",  # upper edge on the bridge of the nose
    "nose_tip",
    "centre",  # where the lips meet
    "chin_bottom",  # lower edge under the chin
    *(
        f"{place}_{side}"
        for place in ("upper", "mid", "lower", "chin")
        for side in ("left", "right")
    ),
    *(f"loop_{place}_{side}" for place in ("upper", "lower") for side in ("left", "right")),
)  # left and right are those of the picture
_SUPERSAMPLING, _LARGEST_SIDE = 4, 576
_PICTURES, _STYLES = "pictures.npy", "styles.json"

Anchors = dict[str, tuple[float, float]]


def parse_anchors(svg: str, size: int, place: str = "svg") -> Anchors:
    """The named anchor points of an SVG in pixels of a ``size`` x ``size`` raster (pixel centres
    at integers).

    Raises:
        MaskbenchError: an anchor is missing.
    """
    found: Anchors = {}
    for node in ET.fromstring(svg).iter():
        name = node.get("id", "")
        if name.startswith("anchor-"):
            x, y = (float(node.get(key, "nan")) * size / VIEW_BOX - 0.5 for key in ("cx", "cy"))
            found[name.removeprefix("anchor-")] = (x, y)
    missing = sorted(set(ANCHORS) - set(found))
    if missing:
        raise MaskbenchError(
            place, f"anchors missing: {', '.join(missing)}", "draw them as circles"
        )
    return {name: found[name] for name in ANCHORS}


def rasterise(style: str, size: int) -> tuple[np.ndarray, Anchors]:
    """Draw one style.

    Args:
        style: a name of :func:`style_names`.
        size: side of the raster in pixels.

    Returns:
        RGBA of shape (size, size, 4), uint8, straight alpha, and the anchors in pixels. The
        colour of see-through pixels is continued from the nearest visible ones, so that
        interpolating the straight colours leaves neither a dark nor a white rim.

    Raises:
        MaskbenchError: unknown style.
    """
    svg = svg_source(style)
    # The renderer smooths edges by itself: large rasters need no more than that.
    side = size * max(1, min(_SUPERSAMPLING, _LARGEST_SIDE // size))
    large = np.asarray(Image.open(io.BytesIO(_png(svg, side))).convert("RGBA"), np.float32) / 255
    large[..., :3] *= large[..., 3:]
    premultiplied = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
    return straight_from_premultiplied(premultiplied), parse_anchors(svg, size, style)


@lru_cache(maxsize=32)  # sizes share their supersampled picture, the slow part
def _png(svg: str, side: int) -> bytes:
    import resvg_py  # here, for reading style names shall stay cheap

    return bytes(
        resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True)
    )


def straight_from_premultiplied(premultiplied: np.ndarray) -> np.ndarray:
    """Premultiplied float RGBA in 0..1 to straight uint8 RGBA with continued colours."""
    rgba = np.concatenate([_continued(premultiplied), premultiplied[..., 3:]], axis=-1)
    return np.clip(np.rint(rgba * 255), 0, 255).astype(np.uint8)


def _continued(premultiplied: np.ndarray) -> np.ndarray:
    """Straight colours, taken from half the resolution wherever nothing is visible, and so on
    down to one pixel (pull-push)."""
    alpha = premultiplied[..., 3]
    colours = premultiplied[..., :3] / np.maximum(alpha, 1e-6)[..., None]
    height, width = alpha.shape
    unseen = alpha < 1 / 255
    if max(height, width) > 1 and unseen.any():
        half = ((width + 1) // 2, (height + 1) // 2)
        coarse = _continued(cv2.resize(premultiplied, half, interpolation=cv2.INTER_AREA))
        fill = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        colours[unseen] = fill.reshape(height, width, 3)[unseen]
    return colours


@dataclass(frozen=True)
class MaskPictures:
    """Rasterised mask pictures.

    Attributes:
        styles: names, in the order of ``rgba``.
        rgba: (S, H, W, 4) uint8, straight alpha.
        anchors: for each style its anchor points (x, y) in pixels.
    """

    styles: tuple[str, ...]
    rgba: np.ndarray
    anchors: dict[str, Anchors]

    @property
    def size(self) -> int:
        """Side of the pictures in pixels."""
        return int(self.rgba.shape[1])

    def index(self, style: str) -> int:
        """The row of a style.

        Raises:
            MaskbenchError: unknown style.
        """
        if style not in self.styles:
            raise unknown_name("masks.styles", "mask style", style, self.styles)
        return self.styles.index(style)

    def picture(self, style: str) -> tuple[np.ndarray, Anchors]:
        """One picture (H, W, 4) and its anchors."""
        return self.rgba[self.index(style)], self.anchors[style]

    @classmethod
    def draw(cls, size: int, styles: Sequence[str] | None = None) -> MaskPictures:
        """Rasterise packaged styles (default: all)."""
        names = style_names() if styles is None else tuple(styles)
        drawn = [rasterise(style, size) for style in names]
        anchors = {style: anchor for style, (_, anchor) in zip(names, drawn, strict=True)}
        return cls(names, np.stack([rgba for rgba, _ in drawn]), anchors)

    @classmethod
    def open(cls, path: Path) -> MaskPictures:
        """Open the folder that the step ``draw_masks`` wrote.

        Raises:
            MaskbenchError: missing or damaged files.
        """
        path = Path(path)
        table = read_json(path / _STYLES)
        try:
            rgba = np.load(path / _PICTURES, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise MaskbenchError(
                path / _PICTURES, f"unreadable ({error})", "draw it again"
            ) from error
        styles = tuple(table["styles"])
        if len(styles) != len(rgba):
            raise MaskbenchError(
                path, f"{len(styles)} styles, {len(rgba)} pictures", "draw it again"
            )
        anchors = {
            style: {name: (float(x), float(y)) for name, (x, y) in points.items()}
            for style, points in table["anchors"].items()
        }
        return cls(styles, rgba, anchors)

    def save(self, folder: Path) -> None:
        """Write ``pictures.npy``, ``styles.json`` and ``png/<style>.png`` into a folder."""
        folder = Path(folder)
        np.save(folder / _PICTURES, self.rgba)
        write_json(
            folder / _STYLES,
            {"styles": self.styles, "size": self.size, "anchors": self.anchors},
        )
        (folder / "png").mkdir()
        for style, rgba in zip(self.styles, self.rgba, strict=True):
            Image.fromarray(rgba, "RGBA").save(folder / "png" / f"{style}.png")
