"""GAN + STN: the first GAN's fully connected networks with a spatial transformer between them."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, Field
from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import PlacingMethod
from maskbench.synthesis.adversarial_params import PlacingParams
from maskbench.synthesis.base import register
from maskbench.synthesis.critics import DenseCritic
from maskbench.synthesis.generators import DenseGenerator


class GanStnParams(PlacingParams):
    """``generator_width`` and ``critic_width`` are the units of the hidden layers."""

    dropout: float = Field(0.3, ge=0, lt=1, description="of the discriminator's hidden units")
    smoothing: float = Field(0.1, ge=0, lt=1, description="the label of real pictures is 1 - this")
    saturating: bool = Field(False, description="the generator minimises log(1 - D) literally")


class GanStn(PlacingMethod):
    name = "gan_stn"
    title = "GAN + STN"
    paper = "Zhang and Lee 2022, section 4.2 (GAN: Goodfellow et al. 2014)"
    Params: ClassVar[type[BaseModel]] = GanStnParams

    def generator(self, params: Any) -> nn.Module:
        return DenseGenerator(params.train_size, params.generator_width, params.reach.model_dump())

    def critic(self, params: Any) -> nn.Module:
        return DenseCritic(params.train_size, params.critic_width, dropout=params.dropout)

    def critic_loss(self, real: Tensor, fake: Tensor, params: Any) -> Tensor:
        return losses.minimax_critic(real, fake, params.smoothing)

    def generator_loss(self, fake: Tensor, params: Any) -> Tensor:
        return losses.minimax_generator(fake, params.saturating)


register(GanStn())
