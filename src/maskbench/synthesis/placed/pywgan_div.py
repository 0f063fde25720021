"""Py-WGAN-div: PyConv networks, Wasserstein divergence, spatial transformer (paper 1, sec. 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from maskbench.networks.critics import PyConvCritic
from maskbench.networks.generators import PyConvGenerator
from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import CRITIC
from maskbench.synthesis.placed.base import PlacedMethod


class PyWganDiv(PlacedMethod):
    """Zhang and Lee 2022, section 3."""

    def networks(self, params: Any) -> dict[str, Callable[[], nn.Module]]:
        size, width = params.train_size, params.generator_width
        reach = params.reach.model_dump()
        return {
            "generator": lambda: PyConvGenerator(size, width, params.hidden, reach),
            "critic": lambda: PyConvCritic(size, params.critic_width),
        }

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return losses.wasserstein_critic(real, fake)

    def generator_loss(self, fake: Tensor) -> Tensor:
        return losses.wasserstein_generator(fake)

    def weights(self) -> dict[str, float]:
        return super().weights() | {"gradient_penalty": self.params.k}

    def critic_penalties(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        some = self.params.penalty_pictures or len(real)  # batches come in random order
        penalty = losses.divergence_penalty(
            self.players[CRITIC].network, real[:some], fake[:some],
            self.params.p, self.params.sampling, self.random,
        )  # fmt: skip
        return {"gradient_penalty": penalty}
