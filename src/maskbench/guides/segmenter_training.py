"""The training of the segmenter: everything that changes while it runs, step by step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.guides.pairs import Pairs
from maskbench.guides.specs.segmenter import SegmenterParams
from maskbench.guides.unet import UNet
from maskbench.guides.variety import vary
from maskbench.training.base import CurvedTraining
from maskbench.training.devices import Placement
from maskbench.training.seeding import Order, seeded


def network_of(params: SegmenterParams) -> UNet:
    """The network, freshly initialised."""
    return UNet(params.width, params.depth, fold=params.fold)


def overlap(logits: Tensor, coverage: Tensor) -> Tensor:
    """Soft Dice overlap of each picture, (B,) in 0..1; 1 where both are empty.

    Args:
        logits: (B, 1, s, s).
        coverage: (B, 1, s, s) in [0, 1].
    """
    found = torch.sigmoid(logits)
    both = (found * coverage).sum((1, 2, 3))
    return (2 * both + 1) / (found.sum((1, 2, 3)) + coverage.sum((1, 2, 3)) + 1)


def weights(coverage: Tensor, border: float) -> Tensor:
    """The weight of each pixel, (B, 1, s, s): 1 far from any border, 1 + ``border`` within two
    pixels of one."""
    highest = F.max_pool2d(coverage, 5, 1, 2)
    lowest = -F.max_pool2d(-coverage, 5, 1, 2)
    return 1 + border * (highest - lowest)


def rate(step: int, params: SegmenterParams) -> float:
    """The share of the learning rate: a linear rise, then half a cosine down to 0."""
    if step < params.warmup:
        return (step + 1) / params.warmup
    done = (step - params.warmup) / max(1, params.steps - params.warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


class SegmenterTraining(CurvedTraining):
    """One training in progress.

    Attributes:
        network: the U-Net.
    """

    params: SegmenterParams

    def __init__(
        self, pairs: Pairs, params: SegmenterParams, seed: int, placement: Placement
    ) -> None:
        super().__init__(params)
        self.pairs, self.device = pairs, placement.device
        self.network: UNet = seeded(lambda: network_of(params), seed)
        self.network.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        placement.cast(self.network)
        self.optimiser = torch.optim.SGD(
            self.network.parameters(), params.learning_rate, momentum=params.momentum,
            weight_decay=params.weight_decay, nesterov=params.momentum > 0,
        )  # fmt: skip
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: rate(step, params)
        )
        self.order = Order(len(pairs), np.random.default_rng(seed))
        self.random = torch.Generator().manual_seed(seed + 1)

    def parts(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "optimiser": self.optimiser,
            "schedule": self.schedule,
            "order": self.order,
            "random": self.random,
        }

    def batch(self) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, s, s) and coverages (B, 1, s, s) in [0, 1], the first of them bare."""
        params = self.params
        numbers = self.order.take(params.batch_size)
        bare = self.pairs.bare(numbers)
        masked, coverage = self.pairs.masked_faces(numbers), self.pairs.coverage(numbers)
        without = round(params.bare_share * params.batch_size)
        masked[:without], coverage[:without] = bare[:without], 0
        return vary(bare, masked, coverage, params.variety, self.random)

    def advance(self) -> dict[str, float]:
        """One step; the losses."""
        pictures, coverage = (part.to(self.device) for part in self.batch())
        shown = (pictures * 2 - 1).contiguous(memory_format=torch.channels_last)
        logits = self.network(shown).float()
        weight = weights(coverage, self.params.border)
        entropy = F.binary_cross_entropy_with_logits(logits, coverage, weight) / weight.mean()
        masked = coverage.amax((1, 2, 3)) > 0  # a bare face has nothing to overlap with
        shared = overlap(logits, coverage)[masked].mean() if masked.any() else logits.new_ones(())
        loss = entropy + self.params.overlap * (1 - shared)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        losses = {"cross_entropy": float(entropy.detach()), "overlap": float(shared.detach())}
        self.note(losses)
        return losses
