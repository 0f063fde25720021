"""Judge the papers' claims: supported, contradicted, undecided or not measured.

The difference left - right has a 95% interval over people and trainings
(:mod:`maskbench.reporting.differences`). A claim is supported when the whole interval lies on the
side that it names, contradicted when it lies on the other side, undecided otherwise, with fewer
than three trainings, and where both sides are equal throughout. Between counted numbers the
difference itself decides. A claim is not measured where one of its sides was not: a method that did
not run, weights or a data set that are absent. An unfavourable verdict is a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from maskbench.artifacts import atomic_file
from maskbench.measurements import ALL, FINAL
from maskbench.metrics.catalogue import KEEPS_FACE, best, metric
from maskbench.reporting import names
from maskbench.reporting.claims_page import VERDICTS, page
from maskbench.reporting.differences import difference
from maskbench.reporting.papers import Paper, papers
from maskbench.reporting.papers.claims import Claim, Quantity, RankCorrelation, Side
from maskbench.reporting.papers.orders import with_orders
from maskbench.reporting.replicates import (
    Estimate,
    Evaluations,
    NotRun,
    Unclear,
    Unmeasured,
    shared,
)

SUPPORTED, CONTRADICTED, UNDECIDED, NOT_MEASURED = VERDICTS
SIDE = tuple(Quantity.model_fields)
"""What ``claims.csv`` holds of a side: columns of ``measurements.csv``, e.g. ``left_method``."""
COLUMNS = (
    "paper", "id", "where", "says", "verdict", *(f"left_{column}" for column in SIDE),
    "left_network", "left_seeds", "left_value", "left_printed", "relation",
    *(f"right_{column}" for column in SIDE), "right_network", "right_seeds", "right_value",
    "right_printed", "difference", "ci_low", "ci_high", "n_people", "resampled", "reason",
)  # fmt: skip
"""Of ``claims.csv``. ``ci_low`` and ``ci_high``: of the difference, left - right; ``n_people``:
tested; ``resampled``: what this interval knows the sampling of; ``reason``: why a claim is not
measured, or undecided whatever its interval."""
BIASED = ("fid", "is")
"""Metrics whose expected value depends on the number of pictures."""
Row = dict[str, Any]


def judge_claims(
    metrics: Sequence[Path],
    out: Path,
    chosen: Mapping[str, Paper] | None = None,
    origins: Mapping[str, str] | None = None,
) -> None:
    """Write ``claims.csv``, ``claims.md`` and ``claims.html``.

    Args:
        metrics: folders of evaluations (``metrics.json``, ``resamples.parquet``).
        out: the folder for the three files.
        chosen: papers by name; the project's where not given.
        origins: of this run's blocks (:func:`maskbench.reporting.names.origins`).
    """
    names.know(origins)
    evaluations = Evaluations(metrics)
    rows = [
        {"paper": paper.paper or "The question behind this project"} | row
        for paper in (papers() if chosen is None else chosen).values()
        for row in judge_all(with_orders(paper.claims, tuple(paper.tables.values())), evaluations)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    with atomic_file(Path(out) / "claims.csv") as tmp:
        table.to_csv(tmp, index=False, float_format="%.8g", lineterminator="\n")
    for ending in ("md", "html"):
        with atomic_file(Path(out) / f"claims.{ending}") as tmp:
            tmp.write_text(page(table, ending), encoding="utf-8")


def judge_all(claims: Iterable[Claim], evaluations: Evaluations) -> list[Row]:
    """Each claim, on each data set that both of its sides were measured on."""
    return [judge(one, evaluations) for claim in claims for one in by_dataset(claim, evaluations)]


def by_dataset(claim: Claim, evaluations: Evaluations) -> list[Claim]:
    """The claim for each data set that its sides were measured on, the claim itself where there is
    none. Where there are several, ids end in the data set's name."""
    open_sides = [
        side for side in claim.sides if not isinstance(side, float) and side.dataset is None
    ]
    if not open_sides:
        return [claim]
    shared = sorted(set.intersection(*(evaluations.datasets(side) for side in open_sides)))
    ids = [f"{claim.id}@{dataset}" if len(shared) > 1 else claim.id for dataset in shared]
    return [
        claim.on(dataset).model_copy(update={"id": name})
        for dataset, name in zip(shared, ids, strict=True)
    ] or [claim]


def judge(claim: Claim, evaluations: Evaluations) -> Row:
    """The row of one claim, without its paper."""
    sides: list[Estimate | None] = []
    missing: list[Unmeasured | Unclear] = []
    for side in claim.sides:
        try:
            sides.append(evaluations.estimate(side))
        except (Unmeasured, Unclear) as reason:
            sides.append(None)
            missing.append(reason)
    left, right = sides
    row: Row = {
        "id": claim.id,
        "where": claim.where,
        "says": claim.says,
        "relation": claim.relation,
    }
    row |= _side("left", claim.left, left) | _side("right", claim.right, right)
    row |= {"resampled": "", "reason": "", "n_people": 0}
    row |= {"difference": None, "ci_low": None, "ci_high": None}
    if claim.printed:
        row |= dict(zip(("left_printed", "right_printed"), claim.printed, strict=True))
    if left is None or right is None:
        unmeasured = any(isinstance(reason, Unmeasured) for reason in missing)
        verdict = NOT_MEASURED if unmeasured else UNDECIDED
        return row | {"verdict": verdict, "reason": _joined(missing)}
    found = difference(left, right, _best(claim))
    row |= {"difference": found.value}
    for name, own in (("left", left), ("right", right)):  # of the replicates that both have
        if (numbers := shared([left, right])) and not (own.fixed or own.counted):
            row |= {f"{name}_value": own.over(numbers).value, f"{name}_seeds": len(numbers)}
    unfit = (
        too_small_gallery(claim, evaluations)
        or lost_face(claim, evaluations)
        or one_person(claim, evaluations)
        or unequal_sets(claim, left, right)
    )
    if unfit:
        return row | {"verdict": NOT_MEASURED, "reason": unfit}
    verdict = UNDECIDED
    if not found.undecided and found.low is not None and found.high is not None:
        verdict = decide(found.low, found.high, claim.relation)
    if left.counted and found.value == 0 and claim.relation.endswith("="):
        verdict = SUPPORTED  # equal counts are equal; equal samples might not be
    return row | {
        "verdict": verdict,
        "ci_low": found.low,
        "ci_high": found.high,
        "n_people": found.people,
        "resampled": found.resampled,
        "reason": found.undecided,
    }


def _best(claim: Claim) -> float:
    """The value that neither side can pass; NaN where there is none, or none in common."""
    values = {best(side.metric) for side in claim.sides if isinstance(side, Quantity)}
    return values.pop() if len(values) == 1 else nan


def _joined(missing: Sequence[Exception]) -> str:
    """``a and b did not run; c was not measured``."""
    absent = sorted({str(one) for one in missing if isinstance(one, NotRun)})
    parts = [f"{' and '.join(absent)} did not run"] if absent else []
    others = [str(one) for one in missing if not isinstance(one, NotRun)]
    return "; ".join(dict.fromkeys(parts + others))


def too_small_gallery(claim: Claim, evaluations: Evaluations) -> str:
    """Why a claim about ranks cannot be measured on a test set's gallery; "" where it can."""
    for side in claim.sides:
        if not claim.gallery_people or not isinstance(side, Quantity):
            continue
        people, shown = evaluations.gallery(side), metric(side.metric)
        if shown.over == "probes" and people < claim.gallery_people:
            return (
                f"{shown.title} among {people} people in the gallery; the claim needs "
                f"{claim.gallery_people}"
            )
    return ""


def lost_face(claim: Claim, evaluations: Evaluations) -> str:
    """Why a claim about placement cannot be measured: a side's pictures do not keep the face; ""
    where both do."""
    for side in claim.sides:
        if not claim.keeps_face or not isinstance(side, Quantity):
            continue
        known = {"metric": "ssim_outside_mask", "subset": ALL, "checkpoint": FINAL}
        outside = side.model_copy(update=known)
        try:
            kept = evaluations.estimate(outside).value
        except (Unmeasured, Unclear) as reason:
            return str(reason)
        if kept < KEEPS_FACE:
            return (
                f"{side.method} does not keep the face ({metric(outside.metric).title} {kept:.2f}; "
                f"the claim needs {KEEPS_FACE})"
            )
    return ""


def one_person(claim: Claim, evaluations: Evaluations) -> str:
    """Why a claim about a subset of faces cannot be measured: more than half of them, in all folds
    together, are one person's; "" where they are not."""
    for side in claim.sides:
        if isinstance(side, Quantity) and (share := evaluations.largest_share(side)) > 0.5:
            return f"one person supplies {share:.0%} of the faces behind {side.words()}"
    return ""


def unequal_sets(claim: Claim, left: Estimate, right: Estimate) -> str:
    """Why two numbers cannot be compared that depend on how many pictures they are of; "" where
    they can."""
    for side in claim.sides:
        if not isinstance(side, Quantity) or side.metric not in BIASED:
            continue
        for number in shared([left, right]):
            counts = [one.at(number).count for one in (left, right)]
            if min(counts) and len(set(counts)) > 1:
                return "{} of {} and of {} pictures".format(metric(side.metric).title, *counts)
    return ""


def decide(low: float, high: float, relation: str) -> str:
    """The verdict on «difference ``relation`` 0» from the difference's interval."""
    if relation.startswith("<"):
        low, high = -high, -low
    holds = low >= 0 and high > 0 if relation.endswith("=") else low > 0
    return SUPPORTED if holds else CONTRADICTED if high < 0 else UNDECIDED


def _side(name: str, side: Side, estimate: Estimate | None) -> Row:
    """Its columns as they are measured, as the claim names them where it is not measured."""
    columns: dict[str, str] = {}
    if isinstance(side, Quantity):
        columns = side.columns() | (dict(estimate.columns) if estimate else {})
    elif isinstance(side, RankCorrelation):  # over several methods and metrics
        columns = dict(estimate.columns) if estimate else {}
        columns |= {"metric": "rank_correlation", "method": ""}
    return {f"{name}_{column}": columns.get(column, "") for column in SIDE} | {
        f"{name}_network": "; ".join(estimate.networks) if estimate else "",
        f"{name}_seeds": estimate.seeds if estimate else 0,
        f"{name}_value": estimate.value if estimate else None,
    }
