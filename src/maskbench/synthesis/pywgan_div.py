"""Py-WGAN-div: PyConv networks, Wasserstein divergence, spatial transformer (paper 1, sec. 3)."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn

from maskbench.synthesis import losses
from maskbench.synthesis.adversarial import PlacingMethod
from maskbench.synthesis.adversarial_params import PlacingParams
from maskbench.synthesis.base import register
from maskbench.synthesis.critics import PyConvCritic
from maskbench.synthesis.generators import PyConvGenerator


class PyWganDivParams(PlacingParams):
    """``generator_width`` and ``critic_width`` are the channels of the first pyramid."""

    hidden: int = Field(128, ge=1, description="units of the generator's dense layer")
    k: float = Field(2.0, ge=0, description="coefficient of the gradient penalty (10 in code)")
    p: float = Field(6.0, gt=1, description="power of the gradient's norm")
    penalty_pictures: int = Field(
        0,
        ge=0,
        description="estimate the penalty on this many pictures of a batch (0: on all): unbiased, "
        "and its second derivatives are more than half of the cost of a critic step",
    )
    sampling: losses.Sampling = Field(
        "between",
        description="where the gradient is penalised: between real and fake pictures, or at both",
    )


class PyWganDiv(PlacingMethod):
    name = "pywgan_div"
    title = "Py-WGAN-div"
    paper = "Zhang and Lee 2022, section 3"
    Params: ClassVar[type[BaseModel]] = PyWganDivParams

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


register(PyWganDiv())
