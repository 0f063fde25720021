"""A backbone by its name, with what its pictures are divided by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from maskbench.recognition.specs import BACKBONES, BackboneSpec
from maskbench.training.seeding import seeded


@dataclass(frozen=True)
class Backbone:
    """A network (B, 3, size, size) -> (B, dim), and what is known of it."""

    network: nn.Module
    spec: BackboneSpec

    @property
    def dim(self) -> int:
        """Length of the embeddings."""
        return self.spec.dim

    def scaled(self, pixels: Tensor) -> Tensor:
        """Float pixels (B, 3, H, W) in 0..255 as the network wants them."""
        mean, deviation = (
            torch.tensor(values, device=pixels.device)[:, None, None]
            for values in (self.spec.mean, self.spec.deviation)
        )
        return (pixels - mean) / deviation


def build(name: str, size: int, width: int, seed: int) -> Backbone:
    """An untrained backbone.

    Args:
        name: in the registry of backbones.
        size: side of the pictures in pixels.
        width: channels of the first stage, where they can be chosen.
        seed: of the initial weights.

    Raises:
        MaskbenchError: no such backbone.
    """
    spec = BACKBONES.get(name)
    make = spec.load()
    return Backbone(seeded(lambda: make(size, width), seed), spec)
