"""Settings of ``dcgan_stn``."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.adversarial import PlacedParams


class ConvolutionalParams(PlacedParams):
    """``generator_width`` and ``critic_width`` are the channels of the first convolution."""

    hidden: int = Field(128, ge=1, description="units of the generator's dense layer")


class DcganStnParams(ConvolutionalParams):
    """Settings of ``dcgan_stn``."""

    smoothing: float = Field(0.1, ge=0, lt=1, description="the label of real pictures is 1 - this")


METHODS.register(
    SynthesisSpec(
        name="dcgan_stn",
        title="DCGAN + STN",
        paper="Zhang and Lee 2022, section 4.2 (DCGAN: Radford et al. 2016)",
        family="placed",
        Params=DcganStnParams,
        implementation="maskbench.synthesis.placed.dcgan_stn:DcganStn",
    )
)
