"""Networks that paint the masked face at their own size, and what of it counts as the mask."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from maskbench.errors import MaskbenchError
from maskbench.guides.specs import GUIDES
from maskbench.imaging.tensors import as_images, as_tensor, resize
from maskbench.synthesis.base import Faces, Method, Styles

SEGMENTER = "segmenter"


class PaintedMethod(Method):
    """A method that paints. Its parameters are a :class:`.specs.painted.PaintedParams`."""

    @abstractmethod
    def paint(self, faces: Tensor, styles: Styles | None) -> Tensor:
        """Masked faces (B, 3, s, s) in [0, 1] by the trained networks.

        Args:
            faces: (B, 3, s, s) in [0, 1], at the training size.
            styles: one for each; None for a method without styles.
        """

    def paint_after(self, faces: Tensor, styles: Styles | None, whole: Faces) -> Tensor:
        """As :meth:`paint`, for methods that also need the faces as they were given."""
        return self.paint(faces, styles)

    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        """Painted at the training size and enlarged."""
        size = self.params.train_size
        bare = resize(as_tensor(faces.images).to(self.device), size)
        with torch.inference_mode():
            painted = self.paint_after(bare, styles, faces)
            pictures = as_images(resize(painted, faces.images.shape[1]))
            return pictures, self._coverage(bare, painted, pictures)

    def _coverage(self, bare: Tensor, painted: Tensor, pictures: np.ndarray) -> np.ndarray:
        """Where the mask is, (B, n, n) uint8: where the segmenter sees one, or where the painting
        differs from the (equally reduced) face by more than ``changed``."""
        if self.params.coverage_from == "change":
            change = (painted - bare).abs().mean(1, keepdim=True)
            change = resize(change, pictures.shape[1])
            return as_images((change > self.params.changed).float())[..., 0]
        found: np.ndarray = self.segmenter.predict(pictures)
        return found

    @cached_property
    def segmenter(self) -> Any:
        """The trained guide that finds masks.

        Raises:
            MaskbenchError: the method's spec names no such guide.
        """
        if SEGMENTER not in self.guides:
            raise MaskbenchError(
                "coverage_from: segmenter",
                "the method's spec names no such guide",
                "add it to the spec's guides, or set coverage_from: change",
            )
        return GUIDES.get(SEGMENTER).load().open(self.guides[SEGMENTER])
