"""The verdicts as a page: ``claims.html`` and ``claims.md`` from the rows of ``claims.csv``.

Counts come first, then each paper: the claims that were judged, and what was not measured by its
reason. What all judged claims of a paper share stands above their table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from maskbench.measurements import COSTS, NONE, PLAIN
from maskbench.metrics.catalogue import KEEPS_FACE, metric
from maskbench.reporting.aggregate import interval, number, seeds_in_words
from maskbench.reporting.names import condition_title, title_of
from maskbench.reporting.pages import initial, render

Row = dict[Any, Any]
SIDES = ("left", "right")

VERDICTS = ("supported", "contradicted", "undecided", "not measured")
HEADING = "Do the papers' claims hold here?"
CLAIMED = {
    ">": "claimed to be above",
    ">=": "claimed not to be below",
    "<": "claimed to be below",
    "<=": "claimed not to be above",
}
NOTES = (
    "Claims are in our words. Those of the form «X is higher for A than for B» are not sentences "
    "of the paper: they follow from two neighbouring numbers of a printed column.",
    "Difference: first number − second number, means over seeds (trainings). Its 95% interval "
    "spans other people (a bootstrap, paired where both numbers are of the same people) and other "
    "trainings (Student's interval of their differences).",
    "Supported: the whole interval lies on the claimed side of zero. Contradicted: it lies on the "
    "other side. Undecided: it holds zero, there is none, or the reason beside it. Not measured: a "
    "number is missing; the other claims are measurable.",
    "Claims about where masks sit ask both methods to keep the face: an SSIM outside the mask of "
    f"at least {KEEPS_FACE}. Else they are not measured.",
    "What is trained needs three trainings: the interval of fewer is over people only and decides "
    "nothing. Both sides at the end of a metric's range decide nothing either.",
    "Each claim is judged at 95% by itself: of differences that are truly zero, about 5% come out "
    "as supported or contradicted.",
)


def page(table: pd.DataFrame, ending: str) -> str:
    """The page.

    Args:
        table: the rows of ``claims.csv``.
        ending: ``html`` (stands alone) or ``md``.
    """
    return render(
        f"claims.{ending}",
        heading=HEADING,
        whole=part("", table),
        papers=[part(str(name), rows) for name, rows in table.groupby("paper", sort=False)],
        words=VERDICTS,
        notes=NOTES,
    )


def part(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    """What the page has of one paper's claims, or of all.

    ``counts`` by verdict; ``judged`` claims; ``shared``: the facts that hold for all of these;
    ``networks`` of the recognisers; ``missing``: reason -> the claims not measured for it.
    """
    unmeasured = rows["verdict"] == "not measured"
    claims = [judged(row) for row in rows[~unmeasured].to_dict("records")]
    first = claims[0]["facts"] if claims else []
    missing: dict[str, list[str]] = {}
    for row in rows[unmeasured].to_dict("records"):
        text = f"{row['says']} {_metric(row)}. {initial(row['where'])}."
        missing.setdefault(row["reason"], []).append(text)
    return {
        "name": name,
        "claims": len(rows),
        "measurable": len(claims),
        "counts": {verdict: int((rows["verdict"] == verdict).sum()) for verdict in VERDICTS},
        "judged": claims,
        "shared": [fact for fact in first if all(fact in one["facts"] for one in claims)],
        "networks": sorted({name for one in claims for name in one["networks"]}),
        "missing": missing,
    }


def judged(row: Row) -> dict[str, Any]:
    """A claim of which both sides were measured, as text.

    ``sides``: value of left and right, and what it is of; ``facts``: data set, shared conditions,
    seeds, people, what the interval is over, and why it decides nothing.
    """
    digits = metric(row["left_metric"]).digits
    digits = digits and max(3, digits)  # counts have none
    counted = row["left_step"] == COSTS  # exact: the interval in claims.csv has no width
    between = "" if counted else interval(row["ci_low"], row["ci_high"], digits)
    measured = {side: conditions(row, f"{side}_") for side in SIDES}
    shared = [words for words in measured["left"] if words in measured["right"]]
    recognised = row["left_step"] == "recognition"
    networks = [str(row[f"{side}_network"]) for side in SIDES]
    seeds = sorted({int(row[f"{side}_seeds"]) for side in SIDES} - {0})
    facts = [
        f"data set {row['left_dataset']}" if row["left_dataset"] else "",
        *shared,
        " and ".join(map(seeds_in_words, seeds)),
        f"{row['n_people']} people" if row["n_people"] else "",
        f"interval over {row['resampled']}" if row["resampled"] else "",
        row["reason"] if between else "",
    ]
    return {
        "verdict": row["verdict"],
        "says": row["says"],
        "where": initial(row["where"]),
        "printed": _printed(row),
        "metric": _metric(row) + (f" ({networks[0]})" if networks[0] and not recognised else ""),
        "sides": [
            (
                number(row[f"{side}_value"], digits)
                if row[f"{side}_seeds"]
                else f"{row[f'{side}_value']:g}",
                ", ".join(
                    filter(None, [*_names(row, side), *(w for w in words if w not in shared)])
                ),
            )
            for side, words in measured.items()
        ],
        "relation": CLAIMED[row["relation"]],
        "difference": f"{number(row['difference'], digits)} {between}".strip()
        if between or counted
        else row["reason"],
        "facts": list(filter(None, facts)),
        "networks": [name for name in networks if name and recognised],
    }


def _metric(row: Row) -> str:
    """``SSIM``; ``Rank 5, Accuracy`` where the sides differ in it."""
    names = dict.fromkeys(row[f"{side}_metric"] for side in SIDES)
    return ", ".join(metric(name).title for name in names if name)


def _printed(row: Row) -> str:
    """``0.110 and 0.181``: with as many decimals as the longer one has."""
    if pd.isna(row["left_printed"]):
        return ""
    values = [f"{row[f'{side}_printed']:g}" for side in SIDES]
    digits = max(len(value.partition(".")[2]) for value in values)
    return " and ".join(f"{float(value):.{digits}f}" for value in values)


def _names(row: Row, side: str) -> list[str]:
    """The method's title; its metric and its people, too, where the sides differ in them."""
    if not row[f"{side}_method"]:
        return []
    metrics, splits = ([row[f"{each}_{of}"] for each in SIDES] for of in ("metric", "split"))
    return [
        title_of(row[f"{side}_method"]),
        metric(row[f"{side}_metric"]).title if len(set(metrics)) > 1 else "",
        f"{row[f'{side}_split']} people" if len(set(splits)) > 1 else "",
    ]


def conditions(row: Mapping[Any, Any], prefix: str = "") -> list[str]:
    """What a number was trained on and how it was measured, where that is not the plain case.

    Args:
        row: has the columns of measurements, their names after ``prefix``.
        prefix: ``left_`` or ``right_`` of a claim's side.
    """
    words = []
    if row[f"{prefix}training_set"] not in ("", NONE):
        words.append(f"trained on {title_of(row[f'{prefix}training_set'])}")
    for column, plain in PLAIN.items():
        if row[f"{prefix}{column}"] not in ("", plain):
            words.append(condition_title(column, row[f"{prefix}{column}"]))
    return words
