"""The mask segmenter: which pixels of a face picture belong to a mask (paper 4's module S).

Paper 4, section III-C and section IV: a U-Net trained with SGD. There it learns from hand-made maps
of really masked pictures; here from overlays, whose coverage is known, made as various as real
masks are (:mod:`.variety`), and from bare faces, on which there is nothing to find.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field, model_validator

from maskbench.artifacts import read_json
from maskbench.config import Section, validate
from maskbench.errors import MaskbenchError
from maskbench.restoration.pairs import as_tensor, resized
from maskbench.restoration.unet import UNet
from maskbench.restoration.variety import Variety
from maskbench.training import state
from maskbench.training.checkpoint import STATE
from maskbench.training.devices import Precision, place
from maskbench.training.seeding import seeded

log = logging.getLogger(__name__)

PARAMS = "params.json"
NAME = "segmenter"


class SegmenterParams(Section):
    """The section ``restoration.segmenter``. Published: U-Net's width 64 and depth 4, 20,000 steps
    of SGD."""

    train_size: int = Field(144, ge=16, description="side of the pictures that the network sees")
    fold: int = Field(
        2, ge=1, description="squares of so many pixels a side become channels (1 as published): "
        "ear loops stay visible, at the cost of a smaller picture"
    )  # fmt: skip
    width: int = Field(16, ge=1, description="channels of the first scale")
    depth: int = Field(3, ge=1, le=6, description="poolings")
    steps: int = Field(1500, ge=1, description="batches that are learnt from")
    batch_size: int = Field(8, ge=2, description="pictures a step")
    bare_share: float = Field(
        0.125, ge=0, lt=1, description="share of a batch that are bare faces with nothing to find"
    )
    learning_rate: float = Field(0.2, gt=0, description="SGD's learning rate at its height")
    momentum: float = Field(0.9, ge=0, lt=1, description="SGD's momentum (0.99 for U-Net)")
    weight_decay: float = Field(1e-4, ge=0, description="SGD's weight decay")
    warmup: int = Field(20, ge=0, description="steps until the learning rate is at its height")
    border: float = Field(
        5.0, ge=0, description="how much more a pixel near a mask's border, or of a thin loop, "
        "weighs in the cross entropy (the purpose of U-Net's weight map)"
    )  # fmt: skip
    overlap: float = Field(
        1.0, ge=0, description="weight of 1 - the soft Dice overlap, beside the cross entropy"
    )
    variety: Variety = Field(default_factory=Variety, description="how much pictures vary")
    precision: Precision = Field("bfloat16", description="of the network's products")
    log_every: int = Field(50, ge=1, description="steps between points of the curves")
    checkpoint_every: int = Field(50, ge=0, description="steps between checkpoints; 0: none")

    @model_validator(mode="after")
    def _sizes_fit(self) -> SegmenterParams:
        step = self.fold * 2**self.depth
        if self.train_size % step:
            raise ValueError(
                f"train_size {self.train_size} is no multiple of {step} (fold x 2 ** depth)"
            )
        return self


def parse_params(block: Any, place_: str = "params.yaml") -> SegmenterParams:
    """The typed section ``restoration.segmenter``."""
    params: SegmenterParams = validate(SegmenterParams, block, f"{place_}: restoration.{NAME}")
    return params


def network_of(params: SegmenterParams) -> UNet:
    """The network, freshly initialised."""
    return UNet(params.width, params.depth, fold=params.fold)


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
        """Out of a folder written by ``train_segmenter``, with the parameters of its training.

        Raises:
            MaskbenchError: no model there, or a damaged one.
        """
        note = read_json(Path(model) / PARAMS)
        if not isinstance(note, dict) or note.get("model") != NAME:
            raise MaskbenchError(model, "is no segmenter", "make one: maskbench train_segmenter")
        params = parse_params(note.get("params"), str(Path(model) / PARAMS))
        network: UNet = seeded(lambda: network_of(params), 0)
        try:
            network.load_state_dict(state.load(Path(model) / STATE)["network"])
        except (KeyError, RuntimeError) as error:
            raise MaskbenchError(
                model, "its weights do not fit its parameters", "train the segmenter again"
            ) from error
        placement = place("float32")
        network = network.to(placement.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(network.eval().requires_grad_(False), params.train_size)

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
