"""The mask segmenter: which pixels of a face picture belong to a mask (paper 4's module S).

Paper 4, section III-C and section IV: a U-Net trained with SGD. There it learns from hand-made maps
of really masked pictures; here from overlays, whose coverage is known, made as various as real
masks are (:mod:`.variety`), and from bare faces, on which there is nothing to find.
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
from maskbench.guides.evaluate_guide import batches, seen_and_unseen
from maskbench.guides.guide import PLAYER, Guide
from maskbench.guides.model import trained_params
from maskbench.guides.segmenter_training import SegmenterLearner, network_of
from maskbench.guides.specs import GUIDES
from maskbench.guides.unet import UNet
from maskbench.imaging.resize import resized
from maskbench.imaging.tensors import as_tensor, resize
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics.numbers import Number, mean_number, people_of
from maskbench.metrics.picture_metrics import counterparts
from maskbench.metrics.placement import COVERED, placement_iou
from maskbench.threads import one_thread
from maskbench.training.checkpoint import load_network
from maskbench.training.devices import place
from maskbench.training.seeding import seeded

NAME = "segmenter"


class SegmenterGuide(Guide):
    """What the steps of a guide call."""

    NAME, LEARNER = NAME, SegmenterLearner

    def open(self, model: Path) -> Segmenter:
        """What a trained guide is to the methods that need it."""
        return Segmenter.open(model)

    def measure(
        self,
        model: Path,
        masked: MaskedSet,
        faces: FaceSet,
        config: MetricsConfig,
        unseen_styles: Sequence[str],
    ) -> tuple[list[Number], pd.DataFrame]:
        """Measure a trained segmenter.

        ``mean_iou``: intersection over union of the found mask with the known coverage, mean over
        pictures. ``mask_found_on_bare``: mean share of a bare face that is taken for a mask, where
        nothing should be.
        """
        find = self.open(model)
        bare_rows = counterparts(masked, faces, ["face_id"])
        firsts = np.unique(bare_rows, return_index=True)[1]  # a masked picture of each bare face
        with one_thread():
            overlap = np.concatenate(
                [
                    placement_iou(find.predict(np.array(masked.images[b])), masked.masks[b])
                    for b in batches(np.arange(len(masked)))
                ]
            )
            found = np.concatenate(
                [
                    (find.predict(np.array(faces.images[b])) >= COVERED).mean(axis=(1, 2))
                    for b in batches(bare_rows[firsts])
                ]
            )
        people = people_of(masked, config)
        numbers = [
            mean_number("mean_iou", overlap[rows], people.of(rows), styles=styles)
            for styles, rows in seen_and_unseen(masked, unseen_styles).items()
        ]
        numbers.append(mean_number("mask_found_on_bare", found, people.of(firsts)))
        per_picture = pd.DataFrame(
            {
                "face_id": masked.faces["bare_id"].to_numpy(),
                "style": masked.faces["style"].to_numpy(),
                "mean_iou": overlap,
            }
        )
        return numbers, per_picture


class Segmenter:
    """A trained segmenter.

    Args:
        network: (B, 3, s, s) in [-1, 1] -> logits (B, 1, s, s), in evaluation mode.
        size: s.
    """

    def __init__(self, network: UNet, size: int, batch_size: int = 16) -> None:
        self.network, self.size, self.batch_size = network, size, batch_size

    @classmethod
    def open(cls, model: Path) -> Segmenter:
        """Open a folder written by ``train_guide``, with the parameters of its training.

        Raises:
            MaskbenchError: no model there, or a damaged one.
        """
        params = trained_params(model, GUIDES.get(NAME))
        blank = seeded(lambda: network_of(params), 0)  # a training that opens it draws nothing
        network = load_network(blank, model, PLAYER, place("float32").device)
        return cls(network, params.train_size)

    def find(self, pictures: Tensor) -> Tensor:
        """Where the masks of pictures (B, 3, s, s) in [-1, 1] are, s of any size: the probability
        of each pixel to be a mask's, (B, 1, s, s), differentiable."""
        shown = resize((pictures + 1) / 2, self.size) * 2 - 1
        logits = self.network(shown.contiguous(memory_format=torch.channels_last)).float()
        return resize(torch.sigmoid(logits), pictures.shape[-1])

    @torch.inference_mode()
    def predict(self, images: np.ndarray) -> np.ndarray:
        """Where the masks are.

        Args:
            images: uint8 (B, H, W, 3) RGB, square crops of faces of any size.

        Returns:
            coverage, uint8 (B, H, W): 255 times the probability that a pixel is a mask's, the mean
            over the picture and its mirror image.
        """
        out = np.zeros(images.shape[:3], np.uint8)
        device = next(self.network.parameters()).device
        for start in range(0, len(images), self.batch_size):
            part = slice(start, min(start + self.batch_size, len(images)))
            pictures = as_tensor(list(images[part]), self.size).to(device) * 2 - 1
            straight, mirrored = (
                torch.sigmoid(self.network(p.contiguous(memory_format=torch.channels_last)).float())
                for p in (pictures, pictures.flip(3))
            )
            mean = (straight + mirrored.flip(3)) / 2
            found = mean.mul(255).round().to(torch.uint8).cpu().numpy()
            out[part] = [resized(one, images.shape[1]) for one in found[:, 0]]
        return out
