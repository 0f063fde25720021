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
from maskbench.synthesis.base import Styles
from maskbench.synthesis.painted.translation import CRITIC, GENERATOR, Pictures, TranslationMethod
from maskbench.training.stage import Ramp, Turn

Generator = Callable[[Tensor], Painted]
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

    def generators(self, batch: Pictures, turn: Turn) -> tuple[Generator, Generator]:
        """What puts masks on and what takes them off in a step."""
        return self.part(GENERATOR, MASK), self.part(GENERATOR, UNMASK)

    def factors(self, masked: Tensor, turn: Turn) -> Tensor | None:
        """What the adversarial loss of each made masked face (B, 3, s, s) is multiplied by."""
        return None

    def losses(self, player: str, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        return getattr(self, f"_{player}_losses")(batch, turn)

    def _generator_losses(self, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        mask, unmask = self.generators(batch, turn)
        masked, bare = self._translate(batch, mask, unmask)
        factors = self.factors(masked.pictures, turn)
        found = {
            "masked": self.fooled(self.part(CRITIC, MASKED), masked.pictures, factors),
            "bare": self.fooled(self.part(CRITIC, BARE), bare.pictures),
            **self.opacity_losses(masked, bare),
        }
        if factors is not None:
            found["correction"] = factors.detach().mean()
        if turn.weight("cycle"):
            there = distance(unmask(masked.pictures).pictures, batch.bare)
            back = distance(mask(bare.pictures).pictures, batch.masked)
            found["cycle"] = self.params.switches.bare_cycle * there + back
        if turn.weight("identity"):
            found["identity"] = distance(mask(batch.masked).pictures, batch.masked) + distance(
                unmask(batch.bare).pictures, batch.bare
            )
        return found

    def _translate(
        self, batch: Pictures, mask: Generator, unmask: Generator
    ) -> tuple[Painted, Painted]:
        """Both domains into each other."""
        masked, bare = mask(batch.bare), unmask(batch.masked)
        batch.made |= {MASKED: masked.pictures, BARE: bare.pictures}
        return masked, bare

    def _critic_losses(self, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        if not batch.made:  # drawn for a further step of the critics
            with torch.no_grad():
                self._translate(batch, *self.generators(batch, turn))
        found: dict[str, Tensor] = {}
        for name, real in ((MASKED, batch.masked), (BARE, batch.bare)):
            fake = self.pools[name].swap(batch.made[name])
            critic = self.part(CRITIC, name)
            factors = self.factors(fake, turn) if name == MASKED else None
            for loss, value in self.critic_losses(name, critic, real, fake, turn, factors).items():
                found[loss] = found[loss] + value if loss in found else value
        return found

    def paint(self, faces: Tensor, styles: Styles | None) -> Tensor:
        return (self.applied[GENERATOR].get_submodule(MASK)(faces * 2 - 1).pictures + 1) / 2

    def take_off(self, pictures: np.ndarray) -> np.ndarray:
        return self.translated(self.applied[GENERATOR].get_submodule(UNMASK), pictures)


def distance(made: Tensor, wanted: Tensor) -> Tensor:
    """The mean absolute difference."""
    return (made - wanted).abs().mean()
