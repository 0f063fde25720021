"""Masks as an attribute of a face: what StarGAN, AttGAN and SaGAN share.

One generator is told labels and turns pictures of both domains; one critic scores pictures and
names their labels. The labels: whether the face is masked, and the kind of mask
(:data:`maskbench.masks.styles.KINDS`). Where the masked domain does not know its styles, the first
one counts alone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.masks.styles import KINDS, kind_of
from maskbench.networks.attributes import Judged, LabelledPainter, WholeLabelCritic
from maskbench.networks.translation import Painted
from maskbench.registry import Block
from maskbench.synthesis.base import Styles, TrainingData
from maskbench.synthesis.painted.translation import (
    CRITIC,
    GENERATOR,
    OBJECTIVES,
    TranslationMethod,
)
from maskbench.training.stage import Ramp, Stage, Turn

LABELS = ("masked", *KINDS)


@dataclass
class Labelled:
    """What a step sees: pictures of both domains, and the labels that each has and shall get.

    The references draw the wanted labels from the whole batch, so that many pictures keep theirs.
    Here each picture gets those of its partner in the other domain.

    Attributes:
        pictures: (2B, 3, s, s) in [-1, 1], bare faces and then masked ones.
        labels, wanted: (2B, L), 0 or 1.
        made: what the generator made of it in this step.
    """

    pictures: Tensor
    labels: Tensor
    wanted: Tensor
    made: Painted | None = None


class AttributeMethod(TranslationMethod):
    """The critic steps first, each time with a batch of its own. The parameters are an
    :class:`.specs.attributes.AttributeParams`."""

    # What a method must give ----------------------------------------------------------------
    @abstractmethod
    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        """``generator``, a :class:`.LabelledPainter`; ``critic``: pictures -> :class:`.Judged`."""

    # What a method may change ---------------------------------------------------------------
    def told(self, labels: Tensor, putting_on: bool = False) -> Tensor:
        """Labels (B, L), 0 or 1, as the generator takes them; after training, ``putting_on``."""
        return labels

    def label_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The cross entropy of labels (B, L), summed over those that training knows."""
        found = F.binary_cross_entropy_with_logits(logits.float(), labels, reduction="none")
        return (found * self.generator.taught).sum(1).mean()

    # The learner ----------------------------------------------------------------------------
    @property
    def generator(self) -> LabelledPainter:
        """The generator in training."""
        return cast(LabelledPainter, self.players[GENERATOR].network)

    def start(self, block: Block, data: TrainingData, seed: int) -> None:
        super().start(block, data, seed)
        self.table = labels_of(data.styles).to(self.device)
        known = self.batches.match == "styles"  # each style of the masked domain has its pictures
        taught = self.table.amax(0) if known else labels_of([""])[0]
        for network in (self.generator, cast(LabelledPainter, self.applied[GENERATOR])):
            network.taught.copy_(taught)

    def stages_of(self, params: Any) -> list[Stage]:
        order = {"players": (CRITIC, GENERATOR)}
        return [stage.model_copy(update=order) for stage in super().stages_of(params)]

    def weights(self, params: Any) -> dict[str, float | Ramp]:
        names = ("labels", "labels_critic", "cycle", "unchanged")
        return {name: getattr(params, name) for name in names}

    def label_critic(self, params: Any, critic: Callable[[], nn.Module]) -> nn.Module:
        """The method's critic, or one of whole pictures by its switches."""
        if params.switches.whole_critic:
            return WholeLabelCritic(params.train_size, len(LABELS), params.critic_width)
        return critic()

    def batch(self, turn: Turn) -> Labelled:  # type: ignore[override]
        pictures = super().batch(turn)
        masked = self.table[pictures.styles.to(self.device)]
        both = torch.cat([pictures.bare, pictures.masked])
        bare = torch.zeros_like(masked)
        return Labelled(both, torch.cat([bare, masked]), torch.cat([masked, bare]))

    def losses(self, player: str, batch: Labelled, turn: Turn) -> dict[str, Tensor]:
        if batch.made is None:
            batch.made = self.generator(batch.pictures, self.told(batch.wanted))
        if player == CRITIC:
            return self._critic_losses(batch, batch.made.pictures.detach(), turn)
        return self._generator_losses(batch, batch.made, turn)

    def _critic_losses(self, batch: Labelled, fake: Tensor, turn: Turn) -> dict[str, Tensor]:
        critic = self.players[CRITIC].network
        real, made = (self.judged_labels(pictures) for pictures in (batch.pictures, fake))

        def scores(pictures: Tensor) -> Tensor:
            found: Tensor = critic(pictures).scores
            return found

        return {
            "critic": OBJECTIVES[self.params.objective][0](real.scores, made.scores),
            "labels_critic": self.label_loss(real.labels, batch.labels),
            **self.penalties(scores, batch.pictures, fake, turn),
        }

    def _generator_losses(self, batch: Labelled, made: Painted, turn: Turn) -> dict[str, Tensor]:
        network, told = self.generator, self.told(batch.labels)
        judged = self.judged_labels(made.pictures)
        found = {
            "generator": OBJECTIVES[self.params.objective][1](judged.scores),
            "labels": self.label_loss(judged.labels, batch.wanted),
            **self.opacity_losses(*halves(made)),
        }
        if made.opacity is not None:
            found["opacity"] = made.opacity.detach().mean()
        if turn.weight("cycle"):
            back = network(made.pictures, told).pictures
            bare, masked = (back - batch.pictures).abs().chunk(2)
            found["cycle"] = (self.params.switches.bare_cycle * bare + masked).mean() / 2
        if turn.weight("unchanged"):
            found["unchanged"] = F.l1_loss(network(batch.pictures, told).pictures, batch.pictures)
        return found

    def judged_labels(self, pictures: Tensor) -> Judged:
        """What the critic says of pictures (B, 3, s, s) in [-1, 1], as it sees them."""
        judged: Judged = self.players[CRITIC].network(self.shown(pictures))
        return Judged(judged.scores.float(), judged.labels.float())

    # Afterwards -----------------------------------------------------------------------------
    def paint(self, faces: Tensor, styles: Styles | None) -> Tensor:
        assert styles is not None
        told = self.told(labels_of(styles.names).to(self.device), putting_on=True)
        return (self.applied[GENERATOR](faces * 2 - 1, told).pictures + 1) / 2


def labels_of(styles: Sequence[str]) -> Tensor:
    """The labels of masks of some styles ("": a photograph's): (S, L), 0 or 1."""
    rows = [(1, *(kind_of(style) == kind for kind in KINDS)) for style in styles]
    return torch.tensor(rows, dtype=torch.float32)


def halves(painted: Painted) -> list[Painted]:
    """What was painted of bare faces, and of masked ones."""
    pictures = painted.pictures.chunk(2)
    opacities = (None, None) if painted.opacity is None else painted.opacity.chunk(2)
    return [Painted(*pair) for pair in zip(pictures, opacities, strict=True)]
