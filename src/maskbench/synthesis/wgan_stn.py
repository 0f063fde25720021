"""WGAN + STN: DCGAN's networks, a Wasserstein critic held Lipschitz by clipping its weights."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.base import register
from maskbench.synthesis.dcgan_stn import ConvolutionalParams, DcganStn


class WganStnParams(ConvolutionalParams):
    """Settings of ``wgan_stn``."""

    clip: float = Field(
        0.01,
        gt=0,
        description="the critic's weights, the gains of its normalisation too, stay within +- "
        "this. At the paper's 0.01 the scores of a narrow critic are hundredths, and whatever else "
        "the generator minimises outweighs them",
    )


class WganStn(DcganStn):
    name = "wgan_stn"
    title = "WGAN + STN"
    paper = "Zhang and Lee 2022, section 4.2 (WGAN: Arjovsky et al. 2017)"
    Params: ClassVar[type[BaseModel]] = WganStnParams

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
