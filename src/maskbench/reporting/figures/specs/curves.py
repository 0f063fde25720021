"""Training curves: a row a method or recogniser and stage, a panel a loss, a line a training."""

from __future__ import annotations

from pydantic import Field

from maskbench.config import Section
from maskbench.registry import Spec
from maskbench.reporting.figures.specs import KINDS


class CurvesOptions(Section):
    """Of ``models`` or ``recognisers``, whichever the figure needs."""

    rows: int = Field(24, ge=1, description="at most this many rows")
    lines: int = Field(7, ge=1, description="at most this many lines a panel, lowest seeds first")


KINDS.register(
    Spec(
        name="curves",
        title="Training curves",
        Params=CurvesOptions,
        implementation="maskbench.reporting.figures.curves:draw",
    )
)
