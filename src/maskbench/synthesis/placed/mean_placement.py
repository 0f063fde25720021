"""Mean placement: every mask where the mean training face wears it, whatever the face looks like.

The mean is over the landmarks of the crops, which stand upright and are as large as the detector's
box. It is drawn by the reference's own renderer, so that the place alone differs from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.errors import MaskbenchError
from maskbench.synthesis.base import Faces, Styles, TrainingData
from maskbench.synthesis.placed.keypoint import Keypoint


class Landmarks(nn.Module):
    """68 points (x, y) in shares of the crop's side: ``points`` (68, 2)."""

    points: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("points", torch.zeros(68, 2))


class MeanPlacement(Keypoint):
    """The overlay on the training people's mean landmarks."""

    APPLIED = ("landmarks",)

    def networks(self, params: Any) -> Mapping[str, Callable[[], nn.Module]]:
        return {"landmarks": Landmarks}

    def fit(self, data: TrainingData) -> Mapping[str, nn.Module]:
        rows = data.faces.of_split("train")
        if len(rows) == 0:
            raise MaskbenchError(data.faces.path, "no faces of split train", "check the split")
        found = Landmarks()
        mean = data.faces.landmarks[rows].mean(0, dtype=np.float64) / data.faces.size
        found.points.copy_(torch.from_numpy(mean))
        return {"landmarks": found}

    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        points = (
            self.applied["landmarks"].get_buffer("points").cpu().numpy() * faces.images.shape[1]
        )
        return super().put_on(
            Faces(faces.images, np.broadcast_to(points, faces.landmarks.shape)), styles
        )
