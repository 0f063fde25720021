"""WGAN + STN: DCGAN's networks, a Wasserstein critic held Lipschitz by clipping its weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.dcgan_stn import DcganStn


class WganStn(DcganStn):
    name = "wgan_stn"

    def critic_loss(self, real: Tensor, fake: Tensor, params: Any) -> Tensor:
        return losses.wasserstein_critic(real, fake)

    def generator_loss(self, fake: Tensor, params: Any) -> Tensor:
        return losses.wasserstein_generator(fake)

    def after_critic_step(self, critic: nn.Module, params: Any) -> None:
        losses.clip_weights(critic, params.clip)

    def optimiser(self, module: nn.Module, rate: float, params: Any) -> torch.optim.Optimizer:
        # Momentum makes a clipped critic unstable (Arjovsky et al. 2017, section 4).
        return torch.optim.RMSprop(module.parameters(), rate)
