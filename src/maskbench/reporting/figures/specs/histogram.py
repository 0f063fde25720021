"""Scores of genuine and impostor pairs: a row a recogniser, two panels a data set."""

from __future__ import annotations

from pydantic import Field

from maskbench.config import Section
from maskbench.registry import Spec
from maskbench.reporting.figures.specs import KINDS


class HistogramOptions(Section):
    """What is drawn of ``recognition``."""

    left: str = Field("bare_bare", description="protocol of the left panel")
    right: str = Field("bare_masked", description="of the right one; else the standard protocol")
    rows: int = Field(8, ge=1, description="at most this many recognisers")
    bins: int = Field(48, ge=2)


KINDS.register(
    Spec(
        name="histogram",
        title="Histograms of scores",
        Params=HistogramOptions,
        implementation="maskbench.reporting.figures.histogram:draw",
    )
)
