"""What is shown to whom (``plan.json``), and what was answered (``votes.json``).

A plan lies in a folder of its own, beside ``pictures/``. An export of votes carries its plan, so
that numbers follow from that one file. Both are checked when they are read: whoever runs a study
hands them on.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from maskbench.artifacts import read_json
from maskbench.errors import MaskbenchError
from maskbench.section import Section
from maskbench.study.settings import Rule

PLAN = "plan.json"
PICTURES = "pictures"
File = Field(pattern=r"^[0-9a-f]{32}\.png$")
Kind = Literal["method", "broken", "photograph"]
"""What a judged picture is. The right answers are "not real" to ``broken``, "real" to
``photograph``."""


class Judged(Section):
    """A picture that is judged. Its file's name is a digest of its pixels and says nothing."""

    file: str = File
    kind: Kind
    method: str = ""
    seed: int = Field(0, ge=0)


class Trial(Section):
    """One page: a group of the study, or a catch trial.

    Attributes:
        face: the bare face; None beside photographs, which have none.
        mask: the mask picture; as ``face``.
        pictures: what is judged.
        identity, style, pose, fold: what the group was balanced over, and whose test it is.
    """

    face: str | None = Field(None, pattern=r"^[0-9a-f]{32}\.png$")
    mask: str | None = Field(None, pattern=r"^[0-9a-f]{32}\.png$")
    pictures: tuple[Judged, Judged]
    identity: str = ""
    style: str = ""
    pose: str = ""
    fold: int = Field(0, ge=0)

    @property
    def catch(self) -> bool:
        """Whether its answers are known."""
        return self.pictures[0].kind != "method"


Turn = tuple[int, bool]
"""The number of a trial, and whether its pictures change sides."""


class Plan(Section):
    """A study before its first vote.

    Attributes:
        dataset, split, crop: of the pictures, as in ``measurements.csv``.
        rule: who is not counted.
        days: how long a personal link works.
        trials: all pages.
        raters: for each person who is asked, all trials in the order of their pages.
    """

    version: Literal[1] = 1
    dataset: str
    split: str
    crop: str
    rule: Rule
    days: int = Field(ge=1)
    trials: tuple[Trial, ...] = Field(min_length=1)
    raters: tuple[tuple[Turn, ...], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _everybody_sees_everything(self) -> Plan:
        every = list(range(len(self.trials)))
        for number, turns in enumerate(self.raters):
            if sorted(trial for trial, _ in turns) != every:
                raise ValueError(f"rater {number} does not see each trial once")
        return self

    @property
    def key(self) -> str:
        """What tells this plan from every other one."""
        text = json.dumps(self.model_dump(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def files(self) -> set[str]:
        """The names of all pictures."""
        judged = {one.file for trial in self.trials for one in trial.pictures}
        beside = {name for trial in self.trials for name in (trial.face, trial.mask) if name}
        return judged | beside


class Vote(Section):
    """Whether a rater took each of a trial's two pictures for real, in the order of the plan."""

    rater: int = Field(ge=0)
    trial: int = Field(ge=0)
    real: tuple[bool, bool]


class Votes(Section):
    """An export: a plan and all votes on it.

    Attributes:
        withdrawn: raters who took their consent back; none of their votes is here.
    """

    plan: Plan
    votes: tuple[Vote, ...]
    withdrawn: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _fit_the_plan(self) -> Votes:
        seen = set()
        for vote in self.votes:
            at = (vote.rater, vote.trial)
            if vote.rater >= len(self.plan.raters) or vote.trial >= len(self.plan.trials):
                raise ValueError(f"the plan has no rater {vote.rater} with a trial {vote.trial}")
            if at in seen:
                raise ValueError(f"rater {vote.rater} voted twice on trial {vote.trial}")
            if vote.rater in self.withdrawn:
                raise ValueError(f"rater {vote.rater} has withdrawn, but has votes")
            seen.add(at)
        return self


Record = TypeVar("Record", Plan, Votes)


def read_plan(folder: Path) -> Plan:
    """The plan of a study's folder, all of whose pictures are there.

    Raises:
        MaskbenchError: it is missing, is no plan, or lacks a picture.
    """
    plan = _read(Plan, Path(folder) / PLAN, "make it again: maskbench study make")
    for name in sorted(plan.files()):
        if not (Path(folder) / PICTURES / name).is_file():
            raise MaskbenchError(Path(folder) / PICTURES / name, "is missing", "copy it there")
    return plan


def read_votes(path: Path) -> Votes:
    """An export of votes.

    Raises:
        MaskbenchError: it is missing, or its votes do not fit its plan.
    """
    return _read(Votes, Path(path), "export it again: maskbench study results")


def _read(model: type[Record], path: Path, way_out: str) -> Record:
    try:
        return model.model_validate_json(json.dumps(read_json(path)), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        what = first["msg"].removeprefix("Value error, ")
        raise MaskbenchError(f"{path}: {key}" if key else path, what, way_out) from None
