"""WGAN + STN: DCGAN's networks, a Wasserstein critic held Lipschitz by clipping its weights."""

from __future__ import annotations

import torch
from torch import Tensor

from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import CRITIC
from maskbench.synthesis.placed.dcgan_stn import DcganStn
from maskbench.training.player import Optimise
from maskbench.training.stage import Turn


class WganStn(DcganStn):
    """Zhang and Lee 2022, section 4.2."""

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return losses.wasserstein_critic(real, fake)

    def generator_loss(self, fake: Tensor) -> Tensor:
        return losses.wasserstein_generator(fake)

    def after(self, player: str, turn: Turn) -> None:
        if player == CRITIC:
            losses.clip_weights(self.players[CRITIC].network, self.params.clip)

    def optimiser(self) -> Optimise:
        # Momentum makes a clipped critic unstable (Arjovsky et al. 2017, section 4).
        return torch.optim.RMSprop
