"""The facial-feature detector: which parts of a face can be seen, and where (paper 4's module Det).

Paper 4, sections III-B and IV-A: a YOLOv3 trained with Adam. There it learns from really masked
pictures with hand-made boxes; here from bare faces and overlays, whose boxes follow from landmarks
and whose hidden parts from the coverage (:mod:`.parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.guides.feature_detector_measures import measure
from maskbench.guides.feature_detector_training import FeatureDetectorLearner, form_of, network_of
from maskbench.guides.guide import PLAYER, Guide
from maskbench.guides.model import trained_params
from maskbench.guides.parts import PART_OF_BOX, PARTS
from maskbench.guides.specs import GUIDES
from maskbench.guides.yolo import Yolo
from maskbench.imaging.tensors import as_tensor, resize
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics.numbers import Number
from maskbench.training.checkpoint import load_network
from maskbench.training.devices import place
from maskbench.training.seeding import seeded

__all__ = ["PARTS", "FeatureDetector", "FeatureDetectorGuide"]

NAME = "feature_detector"
COLUMNS = ("picture", "part", "score", "x0", "y0", "x1", "y1")
_OVERLAP = 0.45  # Darknet's: of two boxes of a part that overlap more, the better one stays
_LEAST = 0.001  # boxes of a lower score decide nothing
_BATCH = 64


class FeatureDetectorGuide(Guide):
    """What the steps of a guide call."""

    NAME, LEARNER = NAME, FeatureDetectorLearner

    def open(self, model: Path) -> FeatureDetector:
        """What a trained guide is to the methods that need it."""
        return FeatureDetector.open(model)

    def measure(
        self,
        model: Path,
        masked: MaskedSet,
        faces: FaceSet,
        config: MetricsConfig,
        unseen_styles: Sequence[str],
    ) -> tuple[list[Number], pd.DataFrame]:
        """Measure a trained detector (:mod:`.feature_detector_measures`)."""
        return measure(self.open(model), masked, faces, config, unseen_styles)


class FeatureDetector:
    """A trained detector. The network's weights are frozen.

    Args:
        network: a :class:`.yolo.Yolo` in evaluation mode, its classes the :data:`PARTS`.
        size: side of the pictures that the network was trained on.
        device: where the network is.
    """

    def __init__(self, network: Yolo, size: int, device: torch.device) -> None:
        self.network, self.size, self.device = network, size, device

    @classmethod
    def open(cls, model: Path) -> FeatureDetector:
        """Open a folder written by ``train_guide``, with the parameters of its training.

        Raises:
            MaskbenchError: no model there, or a damaged one.
        """
        params = trained_params(model, GUIDES.get(NAME))
        device = place("float32").device
        blank = seeded(lambda: network_of(params), 0)  # a training that opens it draws nothing
        network = load_network(blank, model, PLAYER, device)
        network.to(memory_format=form_of(params))  # type: ignore[call-overload]
        return cls(network, params.train_size, device)

    def presence(self, pictures: Tensor) -> Tensor:
        """How sure the detector is to see each part: its highest score, objectness times class.

        Args:
            pictures: (B, 3, s, s) in [-1, 1], s of any size.

        Returns:
            (B, 6) in [0, 1], in the order of :data:`PARTS`, differentiable with respect to the
            pictures.
        """
        return self._scores(self._raw(pictures)).amax(1)

    @torch.inference_mode()
    def detect(self, images: np.ndarray) -> pd.DataFrame:
        """Find the parts of one face a picture.

        Args:
            images: uint8 (B, H, W, 3) RGB, square crops of faces of any size.

        Returns:
            a row a box after non-maximum suppression, at most two ears and one of each other part a
            picture, even where the score is low: picture (row of ``images``), part (its name),
            score in 0..1, x0, y0, x1, y1 (edges in pixels of ``images``). Sorted by picture, part
            and falling score.
        """
        # here: a training that only asks for presences starts without it
        from torchvision.ops import nms

        rows: list[tuple[int, str, float, float, float, float, float]] = []
        side = images.shape[1]
        for start in range(0, len(images), _BATCH):
            pictures = as_tensor(images[start : start + _BATCH]) * 2 - 1
            raw = self._raw(pictures)
            boxes, scores = self.network.boxes(raw, self.size), self._scores(raw)
            for number, (own, sure) in enumerate(zip(boxes.cpu(), scores.cpu(), strict=True)):
                for part, name in enumerate(PARTS):
                    there = (sure[:, part] >= _LEAST).nonzero()[:, 0]
                    kept = there[nms(own[there], sure[there, part], _OVERLAP)]
                    for index in kept[: PART_OF_BOX.count(part)].tolist():
                        box = (own[index].clamp(0, 1) * side).tolist()
                        rows.append((start + number, name, float(sure[index, part]), *box))
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _raw(self, pictures: Tensor) -> Tensor:
        given = resize((pictures.to(self.device) + 1) / 2, self.size) * 2 - 1
        return self.network(given).float()

    def _scores(self, raw: Tensor) -> Tensor:
        """(B, N, 6) objectness times class."""
        return raw[..., 4:5].sigmoid() * raw[..., 5:].sigmoid()
