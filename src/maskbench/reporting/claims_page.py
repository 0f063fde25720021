"""The verdicts as a page: ``claims.html`` and ``claims.md`` from the rows of ``claims.csv``.

Counts come first, then each paper: the claims that were judged, and what was not measured by its
reason. What all judged claims of a paper share stands above their table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

import jinja2
import pandas as pd

from maskbench.measurements import NONE
from maskbench.metrics.catalogue import metric
from maskbench.reporting.aggregate import number, seeds_in_words
from maskbench.reporting.names import condition_title, title_of
from maskbench.reporting.papers.tables import PLAIN

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
    "comes from a bootstrap over pictures (recognition: over people), paired where both numbers "
    "were measured on the same ones.",
    "Supported: the whole interval lies on the claimed side of zero. Contradicted: it lies on the "
    "other side. Undecided: it holds zero, or there is no interval. Not measured: a number is "
    "missing.",
    "Where a method has several seeds, one is drawn in each resample. Where it has one, the "
    "interval does not show how another training would have come out.",
    "Each claim is judged at 95% by itself: of differences that are truly zero, about 5% come out "
    "as supported or contradicted.",
)


@dataclass(frozen=True)
class Part:
    """The claims of one paper, or all of them.

    Attributes:
        name: the paper's.
        counts: how many claims have each verdict.
        judged: claims of which both sides were measured.
        missing: reason -> the claims that were not measured for it.
    """

    name: str
    counts: dict[str, int]
    judged: tuple[Judged, ...]
    missing: dict[str, list[str]]

    @property
    def claims(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def measurable(self) -> int:
        """How many of them were judged."""
        return self.claims - self.counts["not measured"]

    @property
    def shared(self) -> tuple[str, ...]:
        """The facts that hold for all judged claims."""
        first = self.judged[0].facts if self.judged else ()
        return tuple(fact for fact in first if all(fact in one.facts for one in self.judged))

    @property
    def networks(self) -> list[str]:
        """Of the recognisers."""
        return sorted({name for one in self.judged for name in one.networks})


@dataclass(frozen=True)
class Judged:
    """A judged claim as text.

    Attributes:
        verdict, says, where: of the claim.
        printed: the paper's two numbers, "" without.
        metric: with the network that computes it.
        sides: left and right: value and what it is of.
        relation: what is claimed of the left value beside the right one.
        difference: with its interval, or why there is none.
        facts: data set, shared conditions, seeds, and what the interval is over.
        networks: of recognisers.
    """

    verdict: str
    says: str
    where: str
    printed: str
    metric: str
    sides: tuple[tuple[str, str], tuple[str, str]]
    relation: str
    difference: str
    facts: tuple[str, ...]
    networks: tuple[str, ...]


def judged(row: pd.Series) -> Judged:
    """A row of ``claims.csv`` in which both sides were measured."""
    digits = max(3, metric(row["left_metric"]).digits)
    difference = row["reason"]
    if pd.notna(row["ci_low"]):
        low, high = number(row["ci_low"], digits), number(row["ci_high"], digits)
        difference = f"{number(row['difference'], digits)} [{low}, {high}]"
    left, right = (_conditions(row, side) for side in ("left", "right"))
    shared = [words for words in left if words in right]
    recognised = row["left_step"] == "recognition"
    networks = [str(row[f"{side}_network"]) for side in ("left", "right")]
    seeds = sorted({int(row[f"{side}_seeds"]) for side in ("left", "right")} - {0})
    facts = [f"data set {row['left_dataset']}" if row["left_dataset"] else "", *shared]
    facts.append(" and ".join(map(seeds_in_words, seeds)))
    facts.append(f"interval over {row['resampled']}" if row["resampled"] else "")
    sides = [
        (
            _value(row, side, digits),
            ", ".join([_name(row, side), *(w for w in words if w not in shared)]).strip(", "),
        )
        for side, words in (("left", left), ("right", right))
    ]
    return Judged(
        row["verdict"],
        row["says"],
        _capital(row["where"]),
        _printed(row),
        _metric(row) + (f" ({networks[0]})" if networks[0] and not recognised else ""),
        (sides[0], sides[1]),
        CLAIMED[row["relation"]],
        difference,
        tuple(word for word in facts if word),
        tuple(name for name in networks if name and recognised),
    )


def _metric(row: pd.Series) -> str:
    """``SSIM``; ``Rank 5 and Accuracy`` where the sides differ in it."""
    names = dict.fromkeys(str(row[f"{side}_metric"]) for side in ("left", "right"))
    return ", ".join(metric(name).title for name in names if name)


def _value(row: pd.Series, side: str, digits: int) -> str:
    value = row[f"{side}_value"]
    return number(value, digits) if row[f"{side}_seeds"] else f"{value:g}"


def _printed(row: pd.Series) -> str:
    """``0.110 and 0.181``: with as many decimals as the longer one has."""
    if pd.isna(row["left_printed"]):
        return ""
    values = [f"{row[f'{side}_printed']:g}" for side in ("left", "right")]
    digits = max(len(value.partition(".")[2]) for value in values)
    return " and ".join(f"{float(value):.{digits}f}" for value in values)


def _name(row: pd.Series, side: str) -> str:
    """The method's title; its metric, too, where the sides differ in it."""
    if not row[f"{side}_method"]:
        return ""
    own = metric(row[f"{side}_metric"]).title if row["left_metric"] != row["right_metric"] else ""
    return ", ".join(filter(None, (title_of(row[f"{side}_method"]), own)))


def _conditions(row: pd.Series, side: str) -> list[str]:
    """What a side was trained on and how it was measured, where that is not the plain case."""
    words = []
    if row[f"{side}_training_set"] not in ("", NONE):
        words.append(f"trained on {title_of(row[f'{side}_training_set'])}")
    for column, plain in PLAIN.items():
        if row[f"{side}_{column}"] not in ("", plain):
            words.append(condition_title(column, row[f"{side}_{column}"]))
    return words


def part(name: str, rows: pd.DataFrame) -> Part:
    """Rows of ``claims.csv`` as a part of the page."""
    unmeasured = rows[rows["verdict"] == "not measured"]
    return Part(
        name,
        {verdict: int((rows["verdict"] == verdict).sum()) for verdict in VERDICTS},
        tuple(judged(row) for _, row in rows.drop(unmeasured.index).iterrows()),
        {
            str(reason): [_unmeasured(row) for _, row in group.iterrows()]
            for reason, group in unmeasured.groupby("reason", sort=False)
        },
    )


def _unmeasured(row: pd.Series) -> str:
    """A claim that was not measured, with the metric that it is about."""
    return f"{row['says']} {_metric(row)}. {_capital(row['where'])}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def render(table: pd.DataFrame, ending: str) -> str:
    """The page.

    Args:
        table: the rows of ``claims.csv``.
        ending: ``html`` (stands alone) or ``md``.
    """
    environment = jinja2.Environment(
        autoescape=ending == "html",
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["plain"] = _plain
    text = resources.files("maskbench.reporting").joinpath(f"claims.{ending}.j2").read_text("utf-8")
    papers = [part(str(name), rows) for name, rows in table.groupby("paper", sort=False)]
    return environment.from_string(text).render(
        heading=HEADING, whole=part("", table), papers=papers, words=VERDICTS, notes=NOTES
    )


def _plain(text: str) -> str:
    """Text that Markdown does not take for formatting."""
    return re.sub(r"[\\\\|*_<]", r"\\\g<0>", text)
