"""Sheets of pictures, in one of several arrangements."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from maskbench.config import Section
from maskbench.registry import Spec
from maskbench.reporting.figures.specs import KINDS

Picture = Literal[
    "original", "original_masked", "bare", "masked", "coverage", "segmentation", "restored"
]


class Examples(Section):
    """Some people and several pictures of each: ``masked`` faces, or (where the figure needs
    ``really_masked``) people who really wear a mask."""

    people: int = Field(3, ge=1)
    columns: Literal["people", "pictures"] = "pictures"
    pictures: dict[Picture, str] = Field(
        min_length=1,
        description="words beside each picture; {dataset} and {restorer} stand for their titles",
    )
    side: float = Field(1.12, gt=0, description="inches a picture")


class Methods(Section):
    """A block a method: rows are poses, columns the styles ``figure_styles``."""

    poses: dict[str, tuple[float, float]] = Field(
        min_length=1, description="label of a row: wanted yaw and pitch from the median, degrees"
    )


class Comparison(Section):
    """A row a person, a column a method of ``every_masked``, in bands; one style a person."""

    people: int = Field(4, ge=1)
    across: int = Field(10, ge=1, description="methods beside each other")
    without: tuple[str, ...] = Field((), description="patterns of methods that are left out")


class Failures(Section):
    """A block a method: the test people's pictures with the worst numbers, a person each, beside
    their faces."""

    by: tuple[str, ...] = Field(
        min_length=1, description="metrics from 0 to 1 whose mean chooses the pictures: the lowest"
    )
    pictures: int = Field(3, ge=1)
    across: int = Field(5, ge=1, description="methods beside each other")


class Corrections(Section):
    """A row a picture: what is detected on it, and the correction factor that follows."""

    pictures: int = Field(4, ge=1, description="from the lowest to the highest penalty")


class ByReference(Section):
    """Rows are people, columns references, which stand at the head."""


class Snapshots(Section):
    """Pictures that a training saved, by step."""

    method: str = Field("", description="shown where it was trained, else the first of all")
    stages: dict[str, str] = Field(
        {}, description="instead the last picture of each stage, {method}/{stage}, and words for it"
    )


class MaskPictures(Section):
    """All mask pictures by name."""


class SheetOptions(Section):
    """Exactly one arrangement."""

    examples: Examples | None = None
    methods: Methods | None = None
    comparison: Comparison | None = None
    failures: Failures | None = None
    by_reference: ByReference | None = None
    corrections: Corrections | None = None
    snapshots: Snapshots | None = None
    mask_pictures: MaskPictures | None = None

    @model_validator(mode="after")
    def _one(self) -> SheetOptions:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            known = ", ".join(type(self).model_fields)
            raise ValueError(f"give one arrangement of {known}")
        return self


KINDS.register(
    Spec(
        name="sheet",
        Params=SheetOptions,
        implementation="maskbench.reporting.figures.sheet:draw",
    )
)
