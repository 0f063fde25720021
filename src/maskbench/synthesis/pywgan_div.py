"""Py-WGAN-div: PyConv networks, Wasserstein divergence, spatial transformer (paper 1, sec. 3)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import PlacingMethod
from maskbench.synthesis.critics import PyConvCritic
from maskbench.synthesis.generators import PyConvGenerator


class PyWganDiv(PlacingMethod):
    name = "pywgan_div"

    def generator(self, params: Any) -> nn.Module:
        return PyConvGenerator(
            params.train_size, params.generator_width, params.hidden, params.reach.model_dump()
        )

    def critic(self, params: Any) -> nn.Module:
        return PyConvCritic(params.train_size, params.critic_width)

    def critic_loss(self, real: Tensor, fake: Tensor, params: Any) -> Tensor:
        return losses.wasserstein_critic(real, fake)

    def generator_loss(self, fake: Tensor, params: Any) -> Tensor:
        return losses.wasserstein_generator(fake)

    def regulariser(
        self, critic: nn.Module, real: Tensor, fake: Tensor, params: Any, random: torch.Generator
    ) -> Tensor:
        some = params.penalty_pictures or len(real)  # batches come in random order
        real, fake = real[:some], fake[:some]
        return losses.divergence_penalty(
            critic, real, fake, params.k, params.p, params.sampling, random
        )
