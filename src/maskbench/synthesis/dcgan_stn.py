"""DCGAN + STN: strided convolutions with batch normalisation, minimax loss, spatial transformer."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import PlacingMethod
from maskbench.synthesis.critics import ConvCritic
from maskbench.synthesis.generators import ConvGenerator


class DcganStn(PlacingMethod):
    name = "dcgan_stn"

    def generator(self, params: Any) -> nn.Module:
        return ConvGenerator(
            params.train_size, params.generator_width, params.hidden, params.reach.model_dump()
        )

    def critic(self, params: Any) -> nn.Module:
        return ConvCritic(params.train_size, params.critic_width)

    def critic_loss(self, real: Tensor, fake: Tensor, params: Any) -> Tensor:
        return losses.minimax_critic(real, fake, params.smoothing)

    def generator_loss(self, fake: Tensor, params: Any) -> Tensor:
        return losses.minimax_generator(fake)
