"""DCGAN + STN: strided convolutions with batch normalisation, minimax loss, spatial transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from maskbench.networks.critics import ConvCritic
from maskbench.networks.generators import ConvGenerator
from maskbench.synthesis import losses
from maskbench.synthesis.placed.base import PlacedMethod


class DcganStn(PlacedMethod):
    """Zhang and Lee 2022, section 4.2."""

    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        size, reach = params.train_size, params.reach.model_dump()
        return {
            "generator": lambda: ConvGenerator(size, params.generator_width, params.hidden, reach),
            "critic": lambda: ConvCritic(size, params.critic_width),
        }

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return losses.minimax_critic(real, fake, self.params.smoothing)

    def generator_loss(self, fake: Tensor) -> Tensor:
        return losses.minimax_generator(fake)
