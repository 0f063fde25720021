"""Settings of ``pywgan_div``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.adversarial import PlacedParams


class PyWganDivParams(PlacedParams):
    """The groups of a pyramid divide its channels."""

    generator_width: int = Field(
        64, ge=64, multiple_of=64, description="channels of the generator's first pyramid"
    )
    critic_width: int = Field(
        64, ge=64, multiple_of=64, description="channels of the critic's first pyramid"
    )
    hidden: int = Field(128, ge=1, description="units of the generator's dense layer")
    k: float = Field(2.0, ge=0, description="coefficient of the gradient penalty (10 in code)")
    p: float = Field(6.0, gt=1, description="power of the gradient's norm")
    penalty_pictures: int = Field(
        0,
        ge=0,
        description="estimate the penalty on this many pictures of a batch (0: on all): unbiased, "
        "and its second derivatives are more than half of the cost of a critic step",
    )
    sampling: Literal["between", "endpoints"] = Field(
        "between",
        description="where the gradient is penalised: between real and fake pictures, or at both",
    )


METHODS.register(
    SynthesisSpec(
        name="pywgan_div",
        title="Py-WGAN-div",
        paper="Zhang and Lee 2022, section 3",
        family="placed",
        Params=PyWganDivParams,
        implementation="maskbench.synthesis.placed.pywgan_div:PyWganDiv",
    )
)
