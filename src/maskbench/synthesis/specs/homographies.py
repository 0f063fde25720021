"""Settings of ``best_homography`` and ``six_point_homography``: the overlay as one flat piece.

They see the landmarks of the person whom they mask, which a method has to find. The one bounds what
a spatial transformer with a homography can reach; the other is the map that MaskTheFace takes.
"""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.keypoint import FIT, Fit, KeypointParams


class BestHomographyParams(KeypointParams):
    """Block ``synthesis.methods.best_homography``."""

    fit: Fit = Field("flat", description=FIT)


class SixPointHomographyParams(KeypointParams):
    """Block ``synthesis.methods.six_point_homography``."""

    fit: Fit = Field("homography", description=FIT)


for name, title, paper, params in (
    ("best_homography", "Best homography", "none: a reference", BestHomographyParams),
    (
        "six_point_homography", "Six-point homography",
        "Anwar and Raychowdhury 2020 (MaskTheFace), section 3", SixPointHomographyParams,
    ),
):  # fmt: skip
    METHODS.register(
        SynthesisSpec(
            name=name,
            title=title,
            paper=paper,
            family="overlay",
            trained=False,
            reference="sees the landmarks",
            Params=params,
            implementation="maskbench.synthesis.placed.keypoint:Keypoint",
        )
    )
