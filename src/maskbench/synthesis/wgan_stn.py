"""WGAN + STN: a Wasserstein critic held Lipschitz by clipping its weights, spatial transformer."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import PlacingMethod
from maskbench.synthesis.adversarial_params import PlacingParams
from maskbench.synthesis.base import register
from maskbench.synthesis.critics import ConvCritic
from maskbench.synthesis.generators import ConvGenerator


class WganStnParams(PlacingParams):
    """``generator_width`` and ``critic_width`` are the channels of the first convolution."""

    hidden: int = Field(128, ge=1, description="units of the generator's dense layer")
    clip: float = Field(0.01, gt=0, description="the critic's weights stay within +- this")


class WganStn(PlacingMethod):
    name = "wgan_stn"
    title = "WGAN + STN"
    paper = "Zhang and Lee 2022, section 4.2 (WGAN: Arjovsky et al. 2017)"
    Params: ClassVar[type[BaseModel]] = WganStnParams

    def generator(self, params: Any) -> nn.Module:
        return ConvGenerator(
            params.train_size, params.generator_width, params.hidden, params.reach.model_dump()
        )

    def critic(self, params: Any) -> nn.Module:
        return ConvCritic(params.train_size, params.critic_width)

    def critic_loss(self, real: Tensor, fake: Tensor, params: Any) -> Tensor:
        return losses.wasserstein_critic(real, fake)

    def generator_loss(self, fake: Tensor, params: Any) -> Tensor:
        return losses.wasserstein_generator(fake)

    def after_critic_step(self, critic: nn.Module, params: Any) -> None:
        losses.clip_weights(critic, params.clip)

    def optimiser(self, module: nn.Module, rate: float, params: Any) -> torch.optim.Optimizer:
        # Momentum makes a clipped critic unstable (Arjovsky et al. 2017, section 4).
        return torch.optim.RMSprop(module.parameters(), rate)


register(WganStn())
