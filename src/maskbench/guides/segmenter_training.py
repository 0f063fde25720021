"""What the segmenter learns by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.guides.guide import PLAYER, PairLearner
from maskbench.guides.pairs import Pairs
from maskbench.guides.specs.segmenter import SegmenterParams
from maskbench.guides.unet import UNet
from maskbench.training.devices import Placement
from maskbench.training.player import Player
from maskbench.training.seeding import seeded
from maskbench.training.stage import Turn


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


class SegmenterLearner(PairLearner):
    """What a U-Net learns by."""

    params: SegmenterParams

    def __init__(
        self, pairs: Pairs, params: SegmenterParams, seed: int, placement: Placement
    ) -> None:
        optimise = partial(
            torch.optim.SGD, momentum=params.momentum, weight_decay=params.weight_decay,
            nesterov=params.momentum > 0,
        )  # fmt: skip
        player = Player(seeded(lambda: network_of(params), seed), optimise, placement)
        super().__init__(pairs, params, player, seed, missed_overlap=params.overlap)
        self.device = placement.device

    def batch(self, turn: Turn) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, s, s) and coverages (B, 1, s, s) in [0, 1], the first of them bare."""
        _, pictures, coverage, _ = self.drawn()
        return pictures.to(self.device), coverage.to(self.device)

    def losses(self, player: str, batch: tuple[Tensor, Tensor], turn: Turn) -> Mapping[str, Tensor]:
        pictures, coverage = batch
        shown = (pictures * 2 - 1).contiguous(memory_format=torch.channels_last)
        logits = self.players[PLAYER].network(shown).float()
        weight = weights(coverage, self.params.border)
        entropy = F.binary_cross_entropy_with_logits(logits, coverage, weight) / weight.mean()
        masked = coverage.amax((1, 2, 3)) > 0  # a bare face has nothing to overlap with
        shared = overlap(logits, coverage)[masked].mean() if masked.any() else logits.new_ones(())
        return {"cross_entropy": entropy, "missed_overlap": 1 - shared}
