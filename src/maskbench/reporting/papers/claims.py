"""What a paper claims, as inequalities between measured quantities.

A claim is written by hand, under ``claims:`` of the paper's file::

    - id: turned_harder_{method}
      where: section 4.2, Figure 5(c) and (d)
      says: "{title} places the mask worse on faces that look away from the camera."
      for_each:
        case: [{method: gan_stn, title: GAN}, {method: wgan_stn, title: WGAN}]
      left: {method: "{method}", metric: placement_iou, subset: pose_turned}
      relation: "<"
      right: {method: "{method}", metric: placement_iou, subset: pose_frontal}

or follows from the order of printed numbers (:mod:`maskbench.reporting.papers.orders`).

``for_each`` makes a claim of every combination of its lists' values; ``{name}`` in a text stands
for the value, and a value that is a mapping gives several names at once. A claim whose sides name
no data set is judged on each data set where both were measured.
"""

from __future__ import annotations

import itertools
import re
from typing import Any, Literal

from pydantic import Field

from maskbench.config import Section, validate
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.measurements import ALL, FINAL, PLAIN, SEEN, STANDARD
from maskbench.metrics.catalogue import metric

Relation = Literal[">", ">=", "<", "<="]


class Quantity(Section):
    """A measured quantity by the columns of ``measurements.csv``, its mean over seeds.

    A column that is None may hold anything, as long as all measurements agree in it.
    """

    method: str
    metric: str
    step: str | None = None
    dataset: str | None = None
    split: str | None = None
    training_set: str | None = None
    restorer: str | None = None
    protocol: str = STANDARD
    subset: str = ALL
    styles: str = SEEN
    checkpoint: str = FINAL
    backbone: str | None = None

    def columns(self) -> dict[str, str]:
        """The columns that it names, with their values."""
        return {name: value for name, value in dict(self).items() if value is not None}

    def words(self) -> str:
        """``Placement IoU of gan_stn (pose_turned)``."""
        more = [f"trained on {self.training_set}"] if self.training_set else []
        more += [f"{self.split} people"] if self.split else []
        more += [value for name, plain in PLAIN.items() if (value := getattr(self, name)) != plain]
        return f"{metric(self.metric).title} of {self.method}" + (
            f" ({', '.join(more)})" if more else ""
        )


class RankCorrelation(Section):
    """Spearman's correlation of two metrics over methods, -1 to 1, whichever end is better."""

    rank_correlation: tuple[str, str]
    methods: tuple[str, ...] = Field(min_length=3)
    dataset: str | None = None


Side = Quantity | RankCorrelation | float


class Claim(Section):
    """One inequality.

    Attributes:
        id: unique among all papers' claims.
        where: place in the paper.
        says: what the paper holds, in our words.
        left, relation, right: the inequality.
        gallery_people: a claim about ranks is not measured where fewer people are in the gallery:
            among few people guessing finds the right one often.
        keeps_face: a claim about placement is not measured where the pictures of a side lost the
            face (:data:`maskbench.metrics.catalogue.KEEPS_FACE`): their masks have no place.
        printed: the two sides as the paper prints them, where it does.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    where: str
    says: str
    left: Quantity | RankCorrelation
    relation: Relation
    right: Quantity | RankCorrelation | float
    gallery_people: int | None = Field(default=None, ge=1)
    keeps_face: bool = False
    printed: tuple[float, float] | None = None

    @property
    def sides(self) -> tuple[Side, Side]:
        """Left and right."""
        return self.left, self.right

    def on(self, dataset: str) -> Claim:
        """This claim on one data set."""
        changed = {
            name: side.model_copy(update={"dataset": dataset})
            for name, side in (("left", self.left), ("right", self.right))
            if not isinstance(side, float) and side.dataset is None
        }
        return self.model_copy(update=changed)


def expand(claims: list[Any], place: str) -> list[Any]:
    """Written claims with one for each combination of their ``for_each``; sides are checked.

    Raises:
        MaskbenchError: ``for_each`` is no mapping of lists; a text names what it does not give; a
            side is none.
    """
    found = [one for claim in claims for one in _expanded(claim, place)]
    return [_with_sides(one, place) if isinstance(one, dict) else one for one in found]


def _with_sides(claim: dict[str, Any], place: str) -> dict[str, Any]:
    # Checked here: the union of a claim's side would answer with the errors of every member.
    sides: dict[str, Any] = {}
    for name in ("left", "right"):
        side, where = claim.get(name), f"{place}: {claim.get('id')}.{name}"
        if isinstance(side, dict):
            kind = RankCorrelation if "rank_correlation" in side else Quantity
            sides[name] = validate(kind, side, where)
        elif name == "left" or isinstance(side, bool) or not isinstance(side, int | float):
            raise MaskbenchError(where, f"not a quantity: {side!r}", "write {method: , metric: }")
    return claim | sides


def _expanded(claim: Any, place: str) -> list[Any]:
    if not isinstance(claim, dict) or "for_each" not in claim:
        return [claim]
    place = f"{place}: {claim.get('id')}.for_each"
    lists = claim["for_each"]
    if not isinstance(lists, dict) or not all(isinstance(v, list) and v for v in lists.values()):
        raise MaskbenchError(place, "not lists of values", "write {name: [value, value]}")
    texts = {key: value for key, value in claim.items() if key != "for_each"}
    found = []
    for combination in itertools.product(*lists.values()):
        words: dict[str, str] = {}
        for name, value in zip(lists, combination, strict=True):
            words |= value if isinstance(value, dict) else {name: value}
        found.append(_filled(texts, words, place))
        found[-1]["id"] = plain_id(str(found[-1].get("id")))
    return found


def _filled(value: Any, words: dict[str, str], place: str) -> Any:
    """The words put into every text."""
    if isinstance(value, dict):
        return {key: _filled(item, words, place) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, words, place) for item in value]
    if not isinstance(value, str):
        return value
    for name in re.findall(r"\{(\w+)\}", value):
        if name not in words:
            raise unknown_name(place, "name", name, words)
        value = value.replace("{" + name + "}", str(words[name]))
    return value


def plain_id(text: str) -> str:
    """An id: small letters, digits and ``_``."""
    return re.sub(r"[^a-z0-9_]", "", text.lower())
