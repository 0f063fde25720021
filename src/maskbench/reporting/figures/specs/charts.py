"""Charts of trainings and of recognition."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Section
from maskbench.registry import Spec
from maskbench.reporting.figures.specs import KINDS


class CurvesOptions(Section):
    """Training curves of ``models`` or ``recognisers``, whichever the figure needs."""

    across: int = Field(6, ge=1, description="panels beside each other")
    without: tuple[str, ...] = Field((), description="patterns of what is left out beside others")


class RocOptions(Section):
    """Exact curves of recognition tests."""

    panels: tuple[Literal["roc", "det", "cmc"], ...] = Field(
        min_length=1, description="curves of each data set; two panels stand in a row"
    )


class ScatterOptions(Section):
    """Embeddings before and after learning from masked faces."""

    before: tuple[str, ...] = Field((), description="frozen networks; the first that was tested")
    after: tuple[str, ...] = Field((), description="what learns on them; the first, from masks")


for _name, _options in (
    ("curves", CurvesOptions),
    ("histogram", Section),
    ("roc", RocOptions),
    ("scatter", ScatterOptions),
):
    KINDS.register(
        Spec(
            name=_name,
            Params=_options,
            implementation=f"maskbench.reporting.figures.{_name}:draw",
        )
    )
