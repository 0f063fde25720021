"""What every recogniser learns by, from pictures or from a frozen network's embeddings."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.faces.people import People, together
from maskbench.recognition.kinds import parts_of
from maskbench.recognition.kinds.learning import Learning
from maskbench.recognition.losses import RecognitionLoss, recognition_loss
from maskbench.recognition.recogniser import Recogniser, Training
from maskbench.recognition.sampler import PeopleSampler
from maskbench.recognition.specs import Absent
from maskbench.recognition.training_set import TrainingSet
from maskbench.registry import Block
from maskbench.training.checkpoint import discard, training_key
from maskbench.training.curves import to_run
from maskbench.training.devices import Placement
from maskbench.training.loop import Learner, train
from maskbench.training.player import Player
from maskbench.training.stage import Schedule, Stage, Turn

PLAYER = "network"

log = logging.getLogger(__name__)


class InSteps(Recogniser):
    """A kind that learns in steps."""

    @abstractmethod
    def learner(self, training: Training, scratch: Path) -> RecogniserLearner:
        """What learns, at its first step; files that it needs meanwhile lie in ``scratch``."""

    def given(self, block: Block) -> list[Path]:
        """Files that decide the training, beside its pictures or embeddings."""
        return []

    def known_before(self, block: Block) -> People:
        """The people behind these files."""
        return {}

    def train(self, training: Training) -> People:
        block, params, parts = training.block, training.block.params, parts_of(training.block)
        settings = [repr(block), repr(parts), training.training_set, training.seed]
        sources = [training.faces, *filter(None, [training.masked]), *training.embeddings]
        code = {__name__, block.spec.module, *(spec.module for spec in parts)}
        scratch = training.scratch / training_key(settings, [*sources, *self.given(block)], code)
        learner = self.learner(training, scratch)
        train(
            learner, title=f"{block.name} on {training.training_set} seed {training.seed}",
            seed=training.seed, out=training.out, scratch=scratch, log=to_run(training.run),
            log_every=params.log_every, checkpoint_every=params.checkpoint_every,
            pictures=params.pictures(learner.sampler.people),
        )  # fmt: skip
        discard(scratch)
        own = {training.dataset: learner.training_set.people}
        return together(own, self.known_before(block))


class RecogniserLearner(Learner):
    """A network and the class weights of its loss, if it has any.

    Args:
        network: what is trained: pictures in its own range, or embeddings, to embeddings.
        loss: what it learns by.
        training_set: what is learnt from.
        params: the recogniser's block.
        seed: of every random choice.
        placement: device and precision.
        prepare: float pictures (B, 3, S, S) in 0..255 to what the network is given, at random; None
            for embeddings.
        form: of the network's memory, and of its pictures'.

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
        prepare: Callable[[Tensor, torch.Generator], Tensor] | None = None,
        form: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self.params, self.training_set, self.prepare = params, training_set, prepare
        self.device, self.loss, self.form = placement.device, loss, form
        optimise = (
            partial(torch.optim.SGD, momentum=0.9)
            if params.optimiser == "sgd"
            else torch.optim.AdamW
        )
        self.players = {
            PLAYER: Player(
                network, partial(optimise, weight_decay=params.weight_decay), placement,
                ema=params.ema or None, form=form, head=loss,
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
        given = self.prepare(values.permute(0, 3, 1, 2).float(), self.random)
        return rows, given.contiguous(memory_format=self.form)

    def losses(
        self, player: str, batch: tuple[np.ndarray, Tensor], turn: Turn
    ) -> Mapping[str, Tensor]:
        rows, given = batch
        masked = torch.from_numpy(self.training_set.masked[rows]).to(self.device)
        labels = self.labels[rows].to(self.device)
        embeddings = self.players[PLAYER].network(given).float()
        return {"loss": self.loss(embeddings, labels, masked, turn.progress, given)}


def loss_of(params: Any, training_set: TrainingSet, size: int, seed: int) -> RecognitionLoss:
    """The loss of a recogniser on embeddings of this size."""
    people = len(training_set.people)
    return recognition_loss(params.loss, people, size, seed, params.margin, params.scale)


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
