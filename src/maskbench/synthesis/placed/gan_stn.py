"""GAN + STN: the first GAN's fully connected networks with a spatial transformer between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from maskbench.networks.critics import DenseCritic
from maskbench.networks.generators import DenseGenerator
from maskbench.synthesis import losses
from maskbench.synthesis.placed.base import PlacedMethod


class GanStn(PlacedMethod):
    """Zhang and Lee 2022, section 4.2."""

    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        size, reach = params.train_size, params.reach.model_dump()
        return {
            "generator": lambda: DenseGenerator(size, params.generator_width, reach),
            "critic": lambda: DenseCritic(size, params.critic_width, dropout=params.dropout),
        }

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return losses.minimax_critic(real, fake, self.params.smoothing)

    def generator_loss(self, fake: Tensor) -> Tensor:
        return losses.minimax_generator(fake, self.params.saturating)
