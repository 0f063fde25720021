"""A generator against a critic: what the placing methods and ``gan_direct`` share in training.

A method adds its networks, its objective and how a batch gets its masks.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from maskbench.imaging.augmentation import blur, standardise
from maskbench.imaging.tensors import resize
from maskbench.registry import Block
from maskbench.synthesis.base import LearningMethod, TrainingData
from maskbench.synthesis.batches import Batch, Batches
from maskbench.synthesis.losses import score
from maskbench.training.stage import Schedule, Stage, Turn

GENERATOR, CRITIC = "generator", "critic"
ON_THE_WAY = {"start": 0.0, "quarter": 0.25, "half": 0.5}
"""Snapshots of the training: name and share of its steps."""


@dataclass
class Step:
    """What a step sees.

    Attributes:
        batch: faces, styles and real pictures.
        textures: (B, 4, size, size) the mask picture of each face.
        made: what the generator made of it; made at the first request.
    """

    batch: Batch
    textures: Tensor
    made: Any = None


class AdversarialMethod(LearningMethod):
    """One generator, one critic. Stages: ``warmup``, the critic alone on wrong pictures of many
    kinds, so that its first advice is worth following; and ``train``."""

    APPLIED = (GENERATOR,)

    # What a method must give ----------------------------------------------------------------
    @abstractmethod
    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        """``generator``, and ``critic``: (B, 3, size, size) in [-1, 1] -> scores."""

    @abstractmethod
    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """From (B,) scores; minimised by the critic."""

    @abstractmethod
    def generator_loss(self, fake: Tensor) -> Tensor:
        """From (B,) scores; minimised by the generator."""

    @abstractmethod
    def make(self, faces: Tensor, textures: Tensor) -> Any:
        """Put mask pictures (B, 4, s, s, premultiplied) on faces (B, 3, s, s) by the generator in
        training; a tuple that begins with the pictures (B, 3, s, s) in [0, 1]."""

    @abstractmethod
    def random_pictures(self, faces: Tensor, textures: Tensor) -> Tensor:
        """Wrong pictures of many kinds, for the critic's warm-up."""

    # What a method may change ---------------------------------------------------------------
    def weights(self) -> dict[str, float]:
        """The weights of losses, where they are not 1."""
        return {}

    def critic_penalties(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """What the critic minimises beside its loss, by name."""
        return {}

    def generator_penalties(self, step: Step, turn: Turn) -> dict[str, Tensor]:
        """What the generator minimises beside its loss, by name."""
        return {}

    # The learner ----------------------------------------------------------------------------
    def start(self, block: Block, data: TrainingData, seed: int) -> None:
        super().start(block, data, seed)
        params = block.params
        self.enlist(seed)
        self.batches = Batches(
            data.faces, data.masked, data.pictures, styles=data.styles,
            # Crops are never enlarged: that would cost memory and show nothing more.
            size=max(
                params.train_size, min(params.train_size * params.supersampling, data.faces.size)
            ),
            match=params.match, ranges=params.augmentation, borrow=params.borrow, seed=seed,
            device=self.device, scratch=data.scratch,
        )  # fmt: skip
        self.stages = self.stages_of(params)
        self.batch_statistics = any(
            isinstance(m, nn.modules.batchnorm._BatchNorm)
            for m in self.players[CRITIC].network.modules()
        )
        self.window = oval(params.train_size, params.view).to(self.device) if params.view else None
        self.random = torch.Generator().manual_seed(seed + 2)

    def stages_of(self, params: Any) -> list[Stage]:
        """The critic's warm-up, and the training."""
        common: dict[str, Any] = {
            "rates": {GENERATOR: params.generator_lr, CRITIC: params.critic_lr},
            "weights": self.weights(),
        }
        return [
            Stage(
                name="warmup", steps=params.critic_warmup, players=(CRITIC,), keep=False, **common
            ),
            Stage(
                name="train", steps=params.steps, players=(CRITIC, GENERATOR),
                repeats={CRITIC: params.critic_steps},
                schedule=Schedule(shape="linear", start=params.decay_from),
                sheet_every=params.sheet_every, keep_at=ON_THE_WAY, **common,
            ),
        ]  # fmt: skip

    def parts(self) -> dict[str, Any]:
        return {"random": self.random, "batches": self.batches}

    def batch(self, turn: Turn) -> Step:
        batch = self.batches.draw(self.params.batch_size)
        return Step(batch, self.batches.textures[batch.styles])

    def losses(self, player: str, batch: Step, turn: Turn) -> dict[str, Tensor]:
        if GENERATOR not in turn.stage.players:
            with torch.no_grad():
                fake = self.random_pictures(batch.batch.faces, batch.textures)
            return self._critic_losses(batch.batch.real, fake)
        if batch.made is None:
            batch.made = self.make(batch.batch.faces, batch.textures)
        if player == CRITIC:
            return self._critic_losses(batch.batch.real, batch.made[0].detach())
        return self._generator_losses(batch, turn)

    def _critic_losses(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """The critic's losses, and the difference of its mean scores."""
        real, fake = self.shown(real), self.shown(fake)
        # One pass for both domains: where there are batch statistics, they are shared.
        scores = score(self.players[CRITIC].network(torch.cat([real, fake])))
        real_scores, fake_scores = scores.chunk(2)
        return {
            "critic_loss": self.critic_loss(real_scores, fake_scores),
            **self.critic_penalties(real, fake),
            "distance": (real_scores.mean() - fake_scores.mean()).detach(),
        }

    def _generator_losses(self, step: Step, turn: Turn) -> dict[str, Tensor]:
        shown = self.shown(step.made[0])  # the pictures that the critic has just judged
        if self.batch_statistics:  # the same mixture as in the critic's own step
            shown = torch.cat([self.shown(step.batch.real), shown])
        scores = score(self.players[CRITIC].network(shown))[-len(step.batch.faces) :]
        adversarial = self.generator_loss(scores)
        return {"generator_loss": adversarial, **self.generator_penalties(step, turn)}

    def shown(self, pictures: Tensor) -> Tensor:
        """What the critic sees: at the training size, in [-1, 1], blurred, of the oval's inside;
        or standardised."""
        size = self.params.train_size
        pictures = blur(resize(pictures, size), self.params.blur * size) * 2 - 1
        if self.params.standardise:
            pictures = standardise(pictures, self.window)
        elif self.window is not None:
            pictures = pictures * self.window
        return pictures.contiguous(memory_format=torch.channels_last)


def oval(size: int, share: float) -> Tensor:
    """A window (size, size): 1 inside an upright oval around the centre, ``share`` of the side high
    and four fifths of that wide, 0 outside, with an edge a tenth of the oval soft."""
    along = (torch.arange(size) * 2 + 1) / size - 1
    radius = torch.hypot(along[None] / 0.8, along[:, None]) / share
    return ((1.05 - radius) / 0.1).clamp(0, 1)
