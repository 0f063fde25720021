"""A flat rectangle over the face: what masks must be told apart from.

Paper 4 shows "Half Mask" and "Occlusion" in its Figure 7 and describes neither, but for saying that
a mask's occlusion has a fixed position and that of occlusion-robust recognition a random one
(section I). So the one covers the lower half of the picture, and the other is random erasing (Zhong
et al. 2020).
"""

from __future__ import annotations

import zlib
from abc import abstractmethod

import numpy as np

from maskbench.synthesis.base import Faces, Method, Styles


class Flat(Method):
    """One rectangle of one grey a face."""

    @abstractmethod
    def rectangle(self, face: np.ndarray) -> tuple[slice, slice]:
        """Rows and columns that are covered, of a face (n, n, 3) uint8."""

    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        pictures = np.array(faces.images)
        coverages = np.zeros(pictures.shape[:3], np.uint8)
        for picture, coverage in zip(pictures, coverages, strict=True):
            window = self.rectangle(picture)
            picture[window], coverage[window] = self.params.shade, 255
        return pictures, coverages


class HalfMask(Flat):
    """The picture from a row down."""

    def rectangle(self, face: np.ndarray) -> tuple[slice, slice]:
        return slice(round(self.params.top * len(face)), None), slice(None)


class Occlusion(Flat):
    """A random rectangle, the same for a face whatever else is in the batch."""

    def rectangle(self, face: np.ndarray) -> tuple[slice, slice]:
        random = np.random.default_rng(zlib.crc32(face.tobytes()))
        area, aspect = random.uniform(*self.params.area), random.uniform(*self.params.aspect)

        def side(share: float, length: int) -> slice:
            pixels = min(length, max(1, round(share * length)))
            start = int(random.integers(length - pixels + 1))
            return slice(start, start + pixels)

        height, width = face.shape[:2]
        return side((area * aspect) ** 0.5, height), side((area / aspect) ** 0.5, width)
