"""CycleGAN: masks on and masks off, each the other's way back.

Paper 3, sections 3.1 to 3.3; Zhu et al. 2017. The half that takes masks off is a restorer: paper
3's "CycleGAN strip".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.networks.translation import Painted
from maskbench.synthesis.painted.translation import CRITIC, GENERATOR, Pictures, TranslationMethod
from maskbench.training.stage import Ramp, Turn

MASK, UNMASK = "mask", "unmask"  # the two generators
MASKED, BARE = "masked", "bare"  # the two critics, by what they take for real


class CycleGan(TranslationMethod):
    """Two generators step together, then two critics."""

    POOLS = (MASKED, BARE)

    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        return {
            GENERATOR: lambda: nn.ModuleDict(
                {name: self.painter(params) for name in (MASK, UNMASK)}
            ),
            CRITIC: lambda: nn.ModuleDict({name: self.critic(params) for name in (MASKED, BARE)}),
        }

    def weights(self, params: Any) -> dict[str, float | Ramp]:
        return {"cycle": params.cycle, "identity": params.identity}

    def losses(self, player: str, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        return getattr(self, f"_{player}_losses")(batch, turn)

    def _generator_losses(self, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        mask, unmask = (self.players[GENERATOR].network[name] for name in (MASK, UNMASK))
        critics = self.players[CRITIC].network
        masked, bare = self._translate(batch)
        found = {
            "masked": self.fooled(critics[MASKED], masked.pictures),
            "bare": self.fooled(critics[BARE], bare.pictures),
            **self.opacity_losses(masked, bare),
        }
        if turn.weight("cycle"):
            found["cycle"] = distance(unmask(masked.pictures).pictures, batch.bare) + distance(
                mask(bare.pictures).pictures, batch.masked
            )
        if turn.weight("identity"):
            found["identity"] = distance(mask(batch.masked).pictures, batch.masked) + distance(
                unmask(batch.bare).pictures, batch.bare
            )
        return found

    def _translate(self, batch: Pictures) -> tuple[Painted, Painted]:
        """Both domains into each other."""
        network = self.players[GENERATOR].network
        masked, bare = network[MASK](batch.bare), network[UNMASK](batch.masked)
        batch.made = {MASKED: masked.pictures, BARE: bare.pictures}
        return masked, bare

    def _critic_losses(self, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        if not batch.made:  # drawn for a further step of the critics
            with torch.no_grad():
                self._translate(batch)
        found: dict[str, Tensor] = {}
        for name, real in ((MASKED, batch.masked), (BARE, batch.bare)):
            fake = self.pools[name].swap(batch.made[name])
            critic = self.players[CRITIC].network[name]
            for loss, value in self.critic_losses(name, critic, real, fake, turn).items():
                found[loss] = found[loss] + value if loss in found else value
        return found

    def paint(self, faces: Tensor, textures: Tensor | None) -> Tensor:
        return (self.applied[GENERATOR][MASK](faces * 2 - 1).pictures + 1) / 2

    def take_off(self, pictures: np.ndarray) -> np.ndarray:
        return self.translated(self.applied[GENERATOR][UNMASK], pictures)


def distance(made: Tensor, wanted: Tensor) -> Tensor:
    """The mean absolute difference."""
    return (made - wanted).abs().mean()
