"""Settings of ``gan_direct``."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.adversarial import AdversarialParams
from maskbench.synthesis.specs.painted import PaintedParams


class GanDirectParams(AdversarialParams, PaintedParams):
    """``generator_width`` and ``critic_width`` are the channels of the first convolution."""

    train_size: int = Field(
        64, ge=16, multiple_of=4, description="side of the pictures that networks see and paint"
    )
    smoothing: float = Field(0.1, ge=0, lt=1, description="the label of real pictures is 1 - this")


METHODS.register(
    SynthesisSpec(
        name="gan_direct",
        title="GAN without STN",
        paper="Zhang and Lee 2022, section 4.2 (the remark on GANs without STN)",
        family="painted",
        Params=GanDirectParams,
        implementation="maskbench.synthesis.painted.gan_direct:GanDirect",
    )
)
