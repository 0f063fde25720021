"""Embeddings on two principal axes, before and after learning from masked faces."""

from __future__ import annotations

from pydantic import Field

from maskbench.config import Section
from maskbench.registry import Spec
from maskbench.reporting.figures.specs import KINDS


class ScatterOptions(Section):
    """What is drawn of ``recognition``."""

    people: int = Field(7, ge=1, le=7, description="people shown, a colour each")
    pictures: int = Field(8, ge=1, description="bare pictures of each person")
    before: tuple[str, ...] = Field((), description="frozen networks; the first that was tested")
    after: tuple[str, ...] = Field((), description="what learns on them; the first, from masks")


KINDS.register(
    Spec(
        name="scatter",
        title="Embeddings",
        Params=ScatterOptions,
        implementation="maskbench.reporting.figures.scatter:draw",
    )
)
