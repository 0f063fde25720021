"""The section ``study`` of the configuration."""

from __future__ import annotations

from pydantic import Field

from maskbench.section import Section


class Rule(Section):
    """Who is not counted. It is part of the plan, so it stands before the first vote."""

    least_answered: float = Field(
        0.9, ge=0, le=1, description="share of the groups that a rater must have judged"
    )
    least_broken: float = Field(
        0.8, ge=0, le=1, description="share of the broken pictures that a rater must call not real"
    )
    least_photographs: float = Field(
        0.5, ge=0, le=1, description="share of the photographs that a rater must call real"
    )


class StudyConfig(Section):
    """Asking people which pictures they take for real: ``maskbench study``."""

    votes: str | None = Field(
        None,
        description="the exported votes of a study, whose numbers join the tables; null: none was "
        "run",
    )
    methods: tuple[str, ...] | None = Field(
        None, description="methods that are judged; null: all that run and put mask pictures on"
    )
    groups: int = Field(100, ge=1, description="each has a face, a mask and two methods' pictures")
    raters: int = Field(20, ge=1, description="people who are asked; each judges every group")
    catch_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="catch trials, whose answers are known, as a share of the groups",
    )
    rule: Rule = Field(default_factory=Rule, description="who is not counted")
    days: int = Field(60, ge=1, description="how long a personal link works")
    seed: int = Field(0, ge=0, description="of everything that is drawn for the plan")
