"""Settings of ``wgan_stn``."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.dcgan_stn import ConvolutionalParams


class WganStnParams(ConvolutionalParams):
    """Settings of ``wgan_stn``."""

    clip: float = Field(
        0.01,
        gt=0,
        description="the critic's weights, the gains of its normalisation too, stay within +- "
        "this. At the paper's 0.01 the scores of a narrow critic are hundredths, and whatever else "
        "the generator minimises outweighs them",
    )


METHODS.register(
    SynthesisSpec(
        name="wgan_stn",
        title="WGAN + STN",
        paper="Zhang and Lee 2022, section 4.2 (WGAN: Arjovsky et al. 2017)",
        family="placed",
        Params=WganStnParams,
        implementation="maskbench.synthesis.placed.wgan_stn:WganStn",
    )
)
