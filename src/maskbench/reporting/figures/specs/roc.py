"""Exact curves of recognition tests: a panel a data set and curve, a line a recogniser."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Section
from maskbench.registry import Spec
from maskbench.reporting.figures.specs import KINDS


class RocOptions(Section):
    """What is drawn of ``recognition``."""

    panels: tuple[Literal["roc", "det", "cmc"], ...] = Field(
        min_length=1, description="curves of each data set; two panels stand in a row"
    )
    lines: int = Field(8, ge=1, description="at most this many recognisers")
    ranks: int = Field(20, ge=2, description="ranks of a CMC")


KINDS.register(
    Spec(
        name="roc",
        title="ROC, DET and CMC",
        Params=RocOptions,
        implementation="maskbench.reporting.figures.roc:draw",
    )
)
