"""Settings of ``mean_placement``, which are those of the overlay."""

from __future__ import annotations

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.keypoint import KeypointParams

METHODS.register(
    SynthesisSpec(
        name="mean_placement",
        title="Mean placement",
        paper="none: the baseline of methods that look at the face",
        family="placed",
        Params=KeypointParams,
        implementation="maskbench.synthesis.placed.mean_placement:MeanPlacement",
    )
)
