"""What every recogniser learns by, from pictures or from a frozen network's embeddings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.recognition.augmentation import augmented
from maskbench.recognition.losses import RecognitionLoss
from maskbench.recognition.params import Learning, Trained
from maskbench.recognition.sampler import PeopleSampler
from maskbench.recognition.specs import Absent
from maskbench.recognition.training_set import TrainingSet
from maskbench.training.devices import Placement
from maskbench.training.loop import Learner
from maskbench.training.player import Player
from maskbench.training.stage import Schedule, Stage, Turn

PLAYER = "network"

log = logging.getLogger(__name__)


class RecogniserLearner(Learner):
    """A network and the class weights of its loss, if it has any.

    Args:
        network: what is trained: pictures in its own range, or embeddings, to embeddings.
        loss: what it learns by.
        training_set: what is learnt from.
        params: the recogniser's block.
        seed: of every random choice.
        placement: device and precision.
        prepare: float pictures (B, 3, S, S) in 0..255 to the network's range; None for embeddings.

    Raises:
        Absent: fewer people than two.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: RecognitionLoss,
        training_set: TrainingSet,
        params: Learning,
        seed: int,
        placement: Placement,
        prepare: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.params, self.training_set, self.prepare = params, training_set, prepare
        self.device, self.loss = placement.device, loss
        # A quarter faster; but with 8 channels the backward pass of torch 2.14's channels-last
        # convolutions writes beyond its memory on CPUs (seen at 48 and 64 pixels, float32).
        whole = isinstance(params, Trained) and params.width % 16 == 0
        self.form = torch.channels_last if whole else torch.contiguous_format
        optimise = (
            partial(torch.optim.SGD, momentum=0.9)
            if params.optimiser == "sgd"
            else torch.optim.AdamW
        )
        self.players = {
            PLAYER: Player(
                network, partial(optimise, weight_decay=params.weight_decay), placement,
                ema=params.ema or None, form=self.form, head=loss,
            )
        }  # fmt: skip
        schedule = Schedule(shape=params.schedule, warmup=params.warmup, drops=params.drops)
        self.stages = (
            Stage(
                name="train", steps=params.steps, players=(PLAYER,), rates={PLAYER: params.lr},
                schedule=schedule,
            ),
        )  # fmt: skip
        self.sampler = _sampler(training_set, params, seed + 1)
        self.labels = torch.from_numpy(training_set.labels)
        self.random = torch.Generator().manual_seed(seed + 2)

    def parts(self) -> dict[str, Any]:
        return {"sampler": self.sampler, "random": self.random}

    def batch(self, turn: Turn) -> tuple[np.ndarray, Tensor]:
        """Row numbers, and what the network is given."""
        rows = self.sampler.draw()
        values = torch.from_numpy(self.training_set.values[rows]).to(self.device)
        if self.prepare is None:
            return rows, values
        assert isinstance(self.params, Trained)
        pixels = augmented(
            values.permute(0, 3, 1, 2).float(), self.params.augmentation, self.random
        )
        return rows, self.prepare(pixels).contiguous(memory_format=self.form)

    def losses(
        self, player: str, batch: tuple[np.ndarray, Tensor], turn: Turn
    ) -> Mapping[str, Tensor]:
        rows, given = batch
        masked = torch.from_numpy(self.training_set.masked[rows]).to(self.device)
        labels = self.labels[rows].to(self.device)
        embeddings = self.players[PLAYER].network(given).float()
        return {"loss": self.loss(embeddings, labels, masked, turn.progress, given)}


def _sampler(training_set: TrainingSet, params: Learning, seed: int) -> PeopleSampler:
    # Without masked pictures as many bare ones instead: a control sees as many pictures.
    masked = params.masked if training_set.masked.any() else 0
    try:
        made = PeopleSampler(
            training_set.identities, training_set.masked, people=params.people,
            bare=params.bare + params.masked - masked, with_mask=masked, seed=seed,
        )  # fmt: skip
    except ValueError as error:
        raise Absent(str(error)) from error
    if made.people < params.people:
        log.warning(
            "%d people a batch instead of %d: there are no more", made.people, params.people
        )
    return made
