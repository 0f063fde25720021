"""GAN + STN: the first GAN's fully connected networks with a spatial transformer between them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import PlacingMethod
from maskbench.synthesis.critics import DenseCritic
from maskbench.synthesis.generators import DenseGenerator


class GanStn(PlacingMethod):
    name = "gan_stn"

    def generator(self, params: Any) -> nn.Module:
        return DenseGenerator(params.train_size, params.generator_width, params.reach.model_dump())

    def critic(self, params: Any) -> nn.Module:
        return DenseCritic(params.train_size, params.critic_width, dropout=params.dropout)

    def critic_loss(self, real: Tensor, fake: Tensor, params: Any) -> Tensor:
        return losses.minimax_critic(real, fake, params.smoothing)

    def generator_loss(self, fake: Tensor, params: Any) -> Tensor:
        return losses.minimax_generator(fake, params.saturating)
