"""Put masks on the faces of pictures of any size, by any method.

The key-point overlay works in the picture's own resolution. The other methods see a crop; what
they lay over it is taken off again and carried back through the crop's square, so that nothing but
the mask itself is resampled.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from maskbench.faces.crop import crop_square
from maskbench.faces.faceset import FaceSet, FaceSetWriter
from maskbench.masks.artwork import Anchors, MaskPictures, rasterise
from maskbench.masks.overlay import composite, overlay
from maskbench.registry import Block
from maskbench.synthesis.base import Method

if TYPE_CHECKING:  # the detector's libraries cost each method a second to import
    from maskbench.faces.locate import LocatedFace

_SIDES = (144, 288, 576, 1152)  # of the rasters a key-point overlay is drawn from
_FACE_IN_MASK_PICTURE = 0.8  # width of a face, jaw to jaw, in a mask picture


@dataclass(frozen=True)
class Request:
    """One face of one picture and the style of its mask."""

    image: np.ndarray  # (H, W, 3) uint8
    face: LocatedFace
    style: str


class PutOn(Protocol):
    """Puts masks on faces: for each request the masked picture (H, W, 3) uint8 and the mask's
    coverage (H, W) uint8."""

    def __call__(self, requests: Sequence[Request]) -> list[tuple[np.ndarray, np.ndarray]]: ...


@dataclass(frozen=True)
class ByKeypoints:
    """The key-point overlay at full resolution, from rasters as fine as the face."""

    fit: str
    brightness: bool

    def __call__(self, requests: Sequence[Request]) -> list[tuple[np.ndarray, np.ndarray]]:
        done = []
        for request in requests:
            width = float(np.ptp(request.face.landmarks[:, 0])) / _FACE_IN_MASK_PICTURE
            side = next((side for side in _SIDES if side >= 0.8 * width), _SIDES[-1])
            rgba, anchors = (_small if side <= 288 else _large)(request.style, side)
            done.append(
                overlay(
                    request.image,
                    request.face.landmarks,
                    rgba,
                    anchors,
                    fit=self.fit,  # type: ignore[arg-type]
                    brightness=self.brightness,
                )
            )
        return done


# Two caches, so that large rasters never fill the memory.
@functools.lru_cache(maxsize=48)
def _small(style: str, side: int) -> tuple[np.ndarray, Anchors]:
    return rasterise(style, side)


@functools.lru_cache(maxsize=4)
def _large(style: str, side: int) -> tuple[np.ndarray, Anchors]:
    return rasterise(style, side)


@dataclass(frozen=True)
class ByCrop:
    """Any method, through a FaceSet of crops.

    Attributes:
        method: its block, with the parameters of the model's training.
        model: its model folder.
        size: side of the crops, as in training.
        pictures: the mask pictures.
        guides: model folders of the spec's guides, in their order.
        references: MaskedSet whose people a reference-guided method looks at.
    """

    method: Block
    model: Path
    size: int
    pictures: MaskPictures
    guides: tuple[Path, ...] = ()
    references: Path | None = None

    def __call__(self, requests: Sequence[Request]) -> list[tuple[np.ndarray, np.ndarray]]:
        method: Method = self.method.spec.load().open(
            self.method, self.model, self.guides, self.references
        )
        with tempfile.TemporaryDirectory(prefix="maskbench-") as name:
            crops = self._crops(Path(name) / "faces", requests)
            pairs = [(row, request.style) for row, request in enumerate(requests)]
            return [
                paste_back(
                    requests[row].image, requests[row].face.crop_box,
                    np.array(crops.images[row]), picture, coverage,
                )
                for row, _, picture, coverage in method.pictures_of(crops, self.pictures, pairs)
            ]  # fmt: skip

    def _crops(self, folder: Path, requests: Sequence[Request]) -> FaceSet:
        folder.mkdir()
        spec = {"dataset": "pictures", "crop": f"square_{self.size}"}
        with FaceSetWriter(folder, self.size, spec) as writer:
            for number, request in enumerate(requests):
                writer.add(*crop_and_row(request, self.size, str(number)))
        return FaceSet.open(folder)


def crop_and_row(request: Request, size: int, name: str = "0") -> tuple[np.ndarray, dict[str, Any]]:
    """A request's crop (size, size, 3) uint8 and its row of a FaceSet, in split ``test``."""
    names = {"face_id": name, "identity": "", "source": name, "split": "test"}
    crop = crop_square(request.image, request.face.crop_box, size)
    return crop, names | request.face.columns(size)


def paste_back(
    image: np.ndarray,
    crop_box: np.ndarray,
    crop: np.ndarray,
    masked: np.ndarray,
    coverage: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Carry a mask from a crop to the picture that it was cut from.

    Args:
        image: (H, W, 3) uint8, the picture.
        crop_box: (4,) x0 y0 x1 y1 on whole pixels; may reach out of the picture.
        crop: (n, n, 3) uint8, the bare crop.
        masked: (n, n, 3) uint8, the crop with a mask.
        coverage: (n, n) uint8, the mask's coverage.

    Returns:
        The masked picture (H, W, 3) and the coverage (H, W), uint8.
    """
    x0, y0, x1, y1 = (int(v) for v in crop_box)
    alpha = coverage.astype(np.float32)
    # What was laid over the crop: masked = layer + crop * (1 - alpha), solved for the layer.
    layer: np.ndarray = masked - crop * (1 - alpha / 255)[..., None]
    layer = np.dstack([np.clip(layer, 0, alpha[..., None]), alpha]).astype(np.float32)
    side = x1 - x0
    how = cv2.INTER_AREA if side < len(crop) else cv2.INTER_LINEAR
    layer = cv2.resize(layer, (side, side), interpolation=how)
    height, width = image.shape[:2]
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    out, covered = image.copy(), np.zeros((height, width), np.uint8)
    if right <= left or bottom <= top:
        return out, covered
    window = (slice(top, bottom), slice(left, right))
    part = np.ascontiguousarray(layer[top - y0 : bottom - y0, left - x0 : right - x0])
    out[window], covered[window] = composite(np.ascontiguousarray(image[window]), part)
    return out, covered
