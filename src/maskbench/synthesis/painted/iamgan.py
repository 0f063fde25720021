"""IAMGAN: a CycleGAN whose masked face must stay the same person's outside the mask.

Geng et al. 2020, known here from paper 4: a U-Net finds the mask, and the identity outside it is
kept at several levels. Which ones is ours: the pixels, and the features of a face recogniser (an
iResNet-18 with a softmax over the training people, trained in a stage of its own before the
generators move). Both see the faces without the mask that the segmenter finds on the made picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.imaging.tensors import resize
from maskbench.networks.iresnet import EMBEDDING, IResNet
from maskbench.registry import Block
from maskbench.synthesis.base import TrainingData
from maskbench.synthesis.painted.cyclegan import MASKED, CycleGan
from maskbench.synthesis.painted.guided import free_of_masks
from maskbench.synthesis.painted.translation import Pictures
from maskbench.training.stage import Ramp, Schedule, Stage, Turn

RECOGNISER = "recogniser"


class Recogniser(nn.Module):
    """(B, 3, s, s) in [-1, 1] -> embeddings (B, 512).

    Attributes:
        people: the scores of the training people, of embeddings.
    """

    def __init__(self, size: int, width: int, people: int) -> None:
        super().__init__()
        self.size, self.trunk = size, IResNet("iresnet18", size, width)
        self.people = nn.Linear(EMBEDDING, people)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.trunk(resize((pictures + 1) / 2, self.size) * 2 - 1)


class IamGan(CycleGan):
    """Stage ``recogniser``, in which the recogniser learns alone, and then CycleGAN's."""

    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        def recogniser() -> nn.Module:
            people = int(self.people.max()) + 1
            return Recogniser(params.recogniser_size, params.recogniser_width, people)

        return {**super().networks(params), RECOGNISER: recogniser}

    def weights(self, params: Any) -> dict[str, float | Ramp]:
        return super().weights(params) | {"pixels": params.pixels, "features": params.features}

    def stages_of(self, params: Any) -> list[Stage]:
        first = Stage(
            name=RECOGNISER, steps=params.recogniser_steps, players=(RECOGNISER,),
            rates={RECOGNISER: params.recogniser_lr}, schedule=Schedule(shape="linear"), keep=False,
        )  # fmt: skip
        return [first, *super().stages_of(params)]

    def start(self, block: Block, data: TrainingData, seed: int) -> None:
        names = data.faces.faces["identity"].iloc[data.faces.of_split("train")]
        self.people = torch.from_numpy(pd.factorize(names)[0])
        super().start(block, data, seed)

    def batch(self, turn: Turn) -> Pictures:
        alone = turn.stage.name == RECOGNISER
        return self.drawn(self.params.recogniser_batch if alone else self.params.batch_size)

    def _recogniser_losses(self, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        """It learns faces without what the other picture's mask would hide."""
        network = cast(Recogniser, self.players[RECOGNISER].network.train())
        seen = batch.bare * free_of_masks(self.segmenter, batch.masked)
        people = self.people[torch.from_numpy(batch.rows)].to(self.device)
        scores = network.people(network(seen).float())
        return {RECOGNISER: F.cross_entropy(scores, people)}

    def _generator_losses(self, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        found = super()._generator_losses(batch, turn)
        made = batch.made[MASKED]
        free = free_of_masks(self.segmenter, made)
        found["pixels"] = ((made - batch.bare) * free).abs().mean()
        network = self.players[RECOGNISER].network.eval()
        with torch.no_grad():
            before = network(batch.bare * free).float()
        after = network(made * free).float()
        found["features"] = 1 - F.cosine_similarity(after, before).mean()
        return found
