"""How much of the identity does a mask leave? Cosine of face and masked face (dlib recogniser).

The 128-d recogniser of dlib (King 2017, a ResNet with 29 convolutions trained on 3 million faces).
Both pictures are aligned with the landmarks of the *bare* face: the mask, not a landmark detector
that the mask misleads, is what changes the embedding.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from maskbench.datasets.weights import weights_file
from maskbench.errors import MaskbenchError

RECOGNISER = "dlib_recognition_resnet.dat"


def face_chip(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The aligned face as dlib cuts it: uint8, (150, 150, 3), 25% padding.

    Args:
        image: uint8, (H, W, 3) RGB.
        landmarks: (68, 2) float (x, y) in its pixels.
    """
    import dlib

    height, width = image.shape[:2]
    points = [dlib.point(round(float(x)), round(float(y))) for x, y in landmarks]
    face = dlib.full_object_detection(dlib.rectangle(0, 0, width - 1, height - 1), points)
    return dlib.get_face_chip(np.ascontiguousarray(image), face, size=150, padding=0.25)


class DlibRecogniser:
    """dlib's face recogniser on aligned faces."""

    name: ClassVar[str] = "dlib_resnet"

    def __init__(self, weights: Path) -> None:
        import dlib

        path = weights_file(weights, RECOGNISER)
        try:
            self._model = dlib.face_recognition_model_v1(str(path))
        except RuntimeError as error:
            raise MaskbenchError(
                path, f"not dlib's recogniser ({error})", "run `maskbench fetch_weights`"
            ) from error

    def __call__(self, images: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Embeddings (B, 128) float64 of uint8 (B, H, W, 3) with landmarks (B, 68, 2)."""
        chips = [face_chip(i, p) for i, p in zip(images, landmarks, strict=True)]
        found = self._model.compute_face_descriptor(chips) if chips else []
        return np.array(found, np.float64).reshape(len(chips), 128)


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine of the rows of two arrays (B, d) -> (B,)."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(1) / np.maximum(norms, 1e-12)
