"""DCGAN + STN: strided convolutions with batch normalisation, minimax loss, spatial transformer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, Field
from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import PlacingMethod
from maskbench.synthesis.adversarial_params import PlacingParams
from maskbench.synthesis.base import register
from maskbench.synthesis.critics import ConvCritic
from maskbench.synthesis.generators import ConvGenerator


class ConvolutionalParams(PlacingParams):
    """``generator_width`` and ``critic_width`` are the channels of the first convolution."""

    hidden: int = Field(128, ge=1, description="units of the generator's dense layer")


class DcganStnParams(ConvolutionalParams):
    """Settings of ``dcgan_stn``."""

    smoothing: float = Field(0.1, ge=0, lt=1, description="the label of real pictures is 1 - this")


class DcganStn(PlacingMethod):
    name = "dcgan_stn"
    title = "DCGAN + STN"
    paper = "Zhang and Lee 2022, section 4.2 (DCGAN: Radford et al. 2016)"
    Params: ClassVar[type[BaseModel]] = DcganStnParams

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


register(DcganStn())
