"""Settings of ``gan_stn``."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.adversarial import PlacedParams


class GanStnParams(PlacedParams):
    """``generator_width`` and ``critic_width`` are the units of the hidden layers."""

    dropout: float = Field(0.3, ge=0, lt=1, description="of the discriminator's hidden units")
    smoothing: float = Field(0.1, ge=0, lt=1, description="the label of real pictures is 1 - this")
    saturating: bool = Field(False, description="the generator minimises log(1 - D) literally")


METHODS.register(
    SynthesisSpec(
        name="gan_stn",
        title="GAN + STN",
        paper="Zhang and Lee 2022, section 4.2 (GAN: Goodfellow et al. 2014)",
        family="placed",
        Params=GanStnParams,
        implementation="maskbench.synthesis.placed.gan_stn:GanStn",
    )
)
