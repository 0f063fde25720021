"""SimGAN: a refiner changes a face as little as a critic lets it.

Paper 3, section 4; Shrivastava et al. 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from maskbench.networks.simgan import DeeperWholeCritic, Refiner, RefinerCritic
from maskbench.synthesis.base import Styles
from maskbench.synthesis.painted.translation import CRITIC, GENERATOR, Pictures, TranslationMethod
from maskbench.training.stage import Ramp, Schedule, Stage, Turn

MASKED = "masked"
IMAGE = "image"


class SimGan(TranslationMethod):
    """Stages: ``image``, the generator alone on the change of the picture (paper 3's Figure 9);
    ``critic``, the critic alone; then both."""

    POOLS = (MASKED,)

    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        def critic() -> nn.Module:
            size, width, extra = params.train_size, params.critic_width, params.critic_extra
            if not params.switches.whole_critic:
                return RefinerCritic(size, width, params.norm, extra)
            return DeeperWholeCritic(size, width, extra) if extra else self.critic(params)

        return {
            GENERATOR: lambda: self.painter(params, network=Refiner, norm=params.norm),
            CRITIC: critic,
        }

    def stages_of(self, params: Any) -> list[Stage]:
        constant = Schedule()
        return [
            self.stage(
                params, IMAGE, params.pretraining, players=(GENERATOR,), schedule=constant,
                weights={IMAGE: 1.0},
            ),
            self.stage(
                params, CRITIC, params.critic_pretraining, players=(CRITIC,), schedule=constant,
                repeats={}, sheet_every=0, keep=False,
            ),
            *super().stages_of(params),
        ]  # fmt: skip

    def weights(self, params: Any) -> dict[str, float | Ramp]:
        return {IMAGE: params.beta}

    def losses(self, player: str, batch: Pictures, turn: Turn) -> dict[str, Tensor]:
        critic = self.players[CRITIC].network
        if player == CRITIC:
            fake = self.pools[MASKED].mix(self._made(batch))
            return self.critic_losses(MASKED, critic, batch.masked, fake, turn)
        made = self.players[GENERATOR].network(batch.bare)
        batch.made[MASKED] = made.pictures
        change = (made.pictures - batch.bare).abs().flatten(1).sum(1).mean()
        if CRITIC not in turn.stage.players:
            return {IMAGE: change}
        critic.eval()  # frozen: it judges by the statistics of its own steps and keeps them
        found = {MASKED: self.fooled(critic, made.pictures), IMAGE: change}
        critic.train()
        return found | self.opacity_losses(made)

    def _made(self, batch: Pictures) -> Tensor:
        """What the generator makes of a batch; it may have done so in this step."""
        if MASKED not in batch.made:
            with torch.no_grad():
                batch.made[MASKED] = self.players[GENERATOR].network(batch.bare).pictures
        made: Tensor = batch.made[MASKED]
        return made

    def paint(self, faces: Tensor, styles: Styles | None) -> Tensor:
        return (self.applied[GENERATOR](faces * 2 - 1).pictures + 1) / 2
