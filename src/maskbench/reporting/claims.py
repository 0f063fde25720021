"""The file of claims: comparisons that papers make in words, as inequalities over measurements.

A claim in ``claims.yaml``::

    - id: ssim_pywgan_div_over_wgan_stn
      paper: Zhang and Lee 2022
      where: section 4.2, Table 2
      says: In our words, what the paper holds.
      left: {method: pywgan_div, metric: ssim}
      relation: ">"
      right: {method: wgan_stn, metric: ssim}

``relation`` is one of ``> >= < <=``. A side is a number or

- ``{method, metric}`` and optionally ``variant``, ``stage``, ``dataset``, ``backbone``: that
  quantity, mean over seeds;
- ``{rank_correlation: [metric, metric], methods: [...]}`` and optionally ``variant``: Spearman's
  correlation of the two metrics over the methods; quality-like signs are not adjusted.

One key bars it where it says nothing:

- ``gallery_people: 50``: a claim about a rank, which guessing reaches in a small gallery, is
  undecided with this reason where the gallery has fewer people.

Two keys make several claims of one:

- ``each_dataset: true``: where both sides were measured on several data sets, each of these is
  judged, as ``id@dataset``. Without it such a claim stays undecided.
- ``for_each: {loss: [softmax, triplet], metric: [auc, rank_5]}``: a claim for each combination;
  ``{loss}`` and ``{metric}`` in its texts stand for the values. A value that is a mapping gives
  several of them at once: ``pair: [{better: arcface, worse: softmax}]``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from maskbench.config import Section, read_layers, validate
from maskbench.errors import MaskbenchError, unknown_name


class Quantity(Section):
    """One measured quantity."""

    method: str
    metric: str
    variant: str = ""
    stage: str | None = None
    dataset: str | None = None
    backbone: str | None = None


class RankCorrelation(Section):
    """How alike two metrics order methods, -1 to 1."""

    rank_correlation: tuple[str, str]
    methods: tuple[str, ...] = Field(min_length=3)
    variant: str = ""


Side = Quantity | RankCorrelation | float


class Claim(Section):
    """One inequality."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    paper: str
    where: str
    says: str
    left: Quantity | RankCorrelation
    relation: Literal[">", ">=", "<", "<="]
    right: Quantity | RankCorrelation | float
    each_dataset: bool = False
    gallery_people: int | None = Field(default=None, ge=1)

    def on(self, dataset: str, several: bool) -> Claim:
        """This claim on one data set; with ``several``, under an id of its own."""
        sides = {
            name: side.model_copy(update={"dataset": dataset})
            for name, side in (("left", self.left), ("right", self.right))
            if isinstance(side, Quantity) and side.dataset is None
        }
        return self.model_copy(update=sides | ({"id": f"{self.id}@{dataset}"} if several else {}))


class _Claims(Section):
    claims: list[Claim]

    @model_validator(mode="after")
    def _ids_differ(self) -> _Claims:
        ids = [claim.id for claim in self.claims]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"the id {twice[0]} stands twice")
        return self


def read_claims(
    path: Path,
    methods: Collection[str],
    metrics: Collection[str],
    variants: Collection[str],
) -> list[Claim]:
    """Read and check a file of claims.

    Raises:
        MaskbenchError: not such a file; an unknown key; a method, metric or variant that is not
            among the given ones, with the nearest of them.
    """
    values = read_layers([path])
    raw = values.get("claims") or []
    if isinstance(raw, list):
        values["claims"] = raw = [each for claim in raw for each in _expanded(path, claim)]
    for index, claim in enumerate(raw):
        if isinstance(claim, dict):
            _check_sides(path, claim, index)
    claims: list[Claim] = validate(_Claims, values, str(path)).claims
    for claim in claims:
        for side in (claim.left, claim.right):
            place = f"{path}: {claim.id}"
            for kind, names, known in (
                ("method", named_methods(side), methods),
                ("metric", named_metrics(side), metrics),
                ("variant", named_variants(side), variants),
            ):
                for name in names:
                    if name not in known:
                        raise unknown_name(place, kind, name, known)
    return claims


def _expanded(path: Path, claim: Any) -> list[Any]:
    """A claim without ``for_each`` as it is, another one in every combination of its values."""
    if not isinstance(claim, dict) or "for_each" not in claim:
        return [claim]
    place = f"{path}: {claim.get('id')}.for_each"
    lists = claim["for_each"]
    good = (
        isinstance(lists, dict) and lists and all(isinstance(v, list) and v for v in lists.values())
    )
    if not good or not isinstance(claim.get("id"), str):
        raise MaskbenchError(place, "not lists of values", "see claims.yaml")
    found = []
    for combination in itertools.product(*lists.values()):
        words: dict[str, str] = {}
        for name, value in zip(lists, combination, strict=True):
            given = value if isinstance(value, dict) else {name: value}
            words |= {key: str(text) for key, text in given.items()}
        one = _filled({k: v for k, v in claim.items() if k != "for_each"}, words, place)
        one["id"] = re.sub(r"[^a-z0-9_]", "", one["id"].lower())
        found.append(one)
    return found


def _filled(value: Any, words: dict[str, str], place: str) -> Any:
    """The words put into every text of a claim."""
    if isinstance(value, dict):
        return {key: _filled(item, words, place) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, words, place) for item in value]
    if not isinstance(value, str):
        return value
    for name, text in words.items():
        value = value.replace("{" + name + "}", text)
    left = re.search(r"\{(\w+)\}", value)
    if left:
        raise unknown_name(place, "name", left[1], words)
    return value


def _check_sides(path: Path, claim: dict[str, object], index: int) -> None:
    # A union would answer with the errors of every member; the side's own model answers with one.
    for name in ("left", "right"):
        side = claim.get(name)
        place = f"{path}: {claim.get('id', f'claims.{index}')}.{name}"
        if isinstance(side, dict):
            validate(RankCorrelation if "rank_correlation" in side else Quantity, side, place)
        elif name == "left" or isinstance(side, bool | str | list):
            raise MaskbenchError(place, f"not a quantity: {side!r}", "see claims.yaml")


def named_methods(side: Side) -> tuple[str, ...]:
    """The methods that a side needs."""
    if isinstance(side, Quantity):
        return (side.method,)
    return side.methods if isinstance(side, RankCorrelation) else ()


def named_metrics(side: Side) -> tuple[str, ...]:
    """The metrics that a side needs."""
    if isinstance(side, Quantity):
        return (side.metric,)
    return side.rank_correlation if isinstance(side, RankCorrelation) else ()


def named_variants(side: Side) -> tuple[str, ...]:
    """The variant that a side needs, if any."""
    return () if isinstance(side, float) else (side.variant,)


def in_words(side: Side) -> str:
    """A side as it is printed: ``ssim of pywgan_div (pose_turned)``."""
    if isinstance(side, float):
        return f"{side:g}"
    variant = f" ({side.variant})" if side.variant else ""
    if isinstance(side, RankCorrelation):
        first, second = side.rank_correlation
        return f"rank correlation of {first} and {second} over {', '.join(side.methods)}{variant}"
    where = "".join(f", {part}" for part in (side.dataset, side.backbone) if part)
    return f"{side.metric} of {side.method}{variant}{where}"
