"""How much of the identity does a mask leave? Cosine of face and masked face (dlib recogniser).

The 128-d recogniser of dlib (King 2017, a ResNet with 29 convolutions trained on 3 million faces).
Both pictures are aligned with the landmarks of the *bare* face: the mask, not a landmark detector
that the mask misleads, is what changes the embedding.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from maskbench.datasets.weights import weights_file
from maskbench.metrics.dlib_network import CHIP, EMBEDDING, read_dlib_network

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
    return dlib.get_face_chip(np.ascontiguousarray(image), face, size=CHIP, padding=0.25)


class DlibRecogniser:
    """dlib's face recogniser on aligned faces, run in torch (:mod:`.dlib_network`).

    Chips go through in batches of one size, so that an embedding does not depend on its neighbours.
    """

    name: ClassVar[str] = "dlib_resnet"

    def __init__(self, weights: Path, batch_size: int = 16, device: str = "cpu") -> None:
        network = read_dlib_network(weights_file(weights, RECOGNISER)).to(device)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.batch_size, self.device = batch_size, device

    @torch.inference_mode()
    def __call__(self, images: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Embeddings (B, 128) float64 of uint8 (B, H, W, 3) with landmarks (B, 68, 2)."""
        out = np.empty((len(images), EMBEDDING))
        for start in range(0, len(images), self.batch_size):
            part = slice(start, min(start + self.batch_size, len(images)))
            chips = np.zeros((self.batch_size, CHIP, CHIP, 3), np.uint8)
            for i, (image, points) in enumerate(zip(images[part], landmarks[part], strict=True)):
                chips[i] = face_chip(image, points)
            pixels = torch.from_numpy(chips).to(self.device).permute(0, 3, 1, 2).float()
            out[part] = self._network(pixels)[: part.stop - start].double().cpu().numpy()
        return out


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine of the rows of two arrays (B, d) -> (B,)."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(1) / np.maximum(norms, 1e-12)
