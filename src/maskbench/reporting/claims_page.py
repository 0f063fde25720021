"""The verdicts as a page: ``claims.html`` and ``claims.md`` from the rows of ``claims.csv``.

Counts come first, then each paper: the claims that were judged, and what was not measured by its
reason. What all judged claims of a paper share stands above their table.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from maskbench.measurements import NONE
from maskbench.metrics.catalogue import metric
from maskbench.reporting.aggregate import number, seeds_in_words
from maskbench.reporting.names import condition_title, title_of
from maskbench.reporting.papers.tables import PLAIN

VERDICTS = ("supported", "contradicted", "undecided", "not measured")
HEADING = "Do the papers' claims hold here?"
HEAD = ("Verdict", "Claim", "Measured here", "Difference [95% interval]")
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


def counts(table: pd.DataFrame) -> str:
    """``14 supported, 1 contradicted, 8 undecided, 20 not measured (23 of 43 measurable)``."""
    found = [int((table["verdict"] == verdict).sum()) for verdict in VERDICTS]
    each = ", ".join(f"{count} {verdict}" for count, verdict in zip(found, VERDICTS, strict=True))
    return f"{each} ({sum(found[:3])} of {len(table)} measurable)"


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
        row["where"][:1].upper() + row["where"][1:],
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


def _by_paper(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for paper, rows in table.groupby("paper", sort=False):
        yield str(paper), rows


def _shared(found: list[Judged]) -> tuple[str, ...]:
    """The facts that hold for all of a paper's judged claims."""
    if not found:
        return ()
    return tuple(fact for fact in found[0].facts if all(fact in one.facts for one in found))


def _missing(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """What was not measured, by reason."""
    unmeasured = rows[rows["verdict"] == VERDICTS[-1]]
    for reason, group in unmeasured.groupby("reason", sort=False):
        yield str(reason), group


def _claims(count: int) -> str:
    return f"{count} claim" + ("" if count == 1 else "s")


def _unmeasured(row: pd.Series) -> str:
    """A claim that was not measured, with the metric that it is about."""
    where = row["where"][:1].upper() + row["where"][1:]
    return f"{row['says']} {_metric(row)}. {where}."


def _lead(found: list[Judged]) -> list[str]:
    """Sentences above a paper's table."""
    shared = _shared(found)
    networks = sorted({name for one in found for name in one.networks})
    return [
        *([f"All that was measured: {'; '.join(shared)}."] if shared else []),
        *([f"Recognisers: {'; '.join(networks)}."] if networks else []),
    ]


def _summary(table: pd.DataFrame) -> list[list[str]]:
    """A row a paper: its name and how many claims have each verdict."""
    return [
        [paper, *(str(int((rows["verdict"] == verdict).sum())) for verdict in VERDICTS)]
        for paper, rows in _by_paper(table)
    ]


def to_markdown(table: pd.DataFrame) -> str:
    """The page for a terminal or a repository's web page."""
    parts = [f"# {HEADING}", f"{_claims(len(table))}: {counts(table)}."]
    parts.append(_pipes(["Paper", *VERDICTS], _summary(table)))
    for paper, rows in _by_paper(table):
        found = [judged(row) for _, row in rows.iterrows() if row["verdict"] != VERDICTS[-1]]
        parts += [f"## {_escaped(paper)}", f"{counts(rows)}.", *map(_escaped, _lead(found))]
        if found:
            parts.append(_pipes(HEAD, [_cells(one, _shared(found)) for one in found]))
        lines = [f"- {_escaped(reason)}: {_claims(len(group))}" for reason, group in _missing(rows)]
        if lines:
            parts += ["Not measured:", "\n".join(lines)]
    parts += ["## How to read this", "\n".join(f"- {note}" for note in NOTES)]
    return "\n\n".join(parts) + "\n"


def _cells(one: Judged, shared: tuple[str, ...]) -> list[str]:
    (left, of_left), (right, of_right) = one.sides
    where = one.where + (f", printed {one.printed}" if one.printed else "")
    sides = f"{left} {of_left}".strip(), f"{right} {of_right}".strip()
    measured = f"{one.metric}: {sides[0]}, {one.relation} {sides[1]}"
    facts = [one.difference, *(fact for fact in one.facts if fact not in shared)]
    return [one.verdict, f"{one.says} ({where})", measured, "; ".join(facts)]


def _pipes(head: list[str] | tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    for sign in "\\|*_<":
        text = text.replace(sign, "\\" + sign)
    return text


_CSS = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1a1a1a; margin: 1.5rem auto;
  max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .3rem; }
p { margin: .4rem 0; }
table { border-collapse: collapse; width: 100%; border-bottom: 1.5px solid; margin: .6rem 0; }
th, td { padding: .4rem .6rem; text-align: left; vertical-align: top; }
th { border-top: 1.5px solid; border-bottom: 1px solid; }
tbody tr:nth-child(even) { background: #f7f7f7; }
small { color: #555; } td > small { display: block; }
.counts { width: auto; } .counts td + td, .counts th + th { text-align: right; }
.judged td:nth-child(1) { width: 7rem; font-weight: 600; }
.judged td:nth-child(3) { width: 30%; } .judged td:nth-child(4) { width: 25%; }
.judged td { font-variant-numeric: tabular-nums; }
.supported { color: #00724f; } .contradicted { color: #b34700; } .undecided { color: #555; }
details { margin: .5rem 0; } summary { cursor: pointer; }
@media (max-width: 45rem) {
  .judged thead { display: none; } .judged tr { border-top: 1px solid #bbb; }
  .judged tr, .judged td { display: block; }
  .judged td:nth-child(n) { width: auto; padding: .2rem .4rem; }
  .counts th, .counts td { padding: .3rem .25rem; font-size: 13px; }
}
"""


def to_html(table: pd.DataFrame) -> str:
    """The page for a browser; it stands alone."""
    parts = [f"<h1>{HEADING}</h1>", f"<p>{_claims(len(table))}: {counts(table)}.</p>"]
    rows = [
        [f'<a href="#paper{place}">{html.escape(row[0])}</a>', *row[1:]]
        for place, row in enumerate(_summary(table))
    ]
    parts.append(_table("counts", ["Paper", *VERDICTS], [_tds(row) for row in rows]))
    for place, (paper, of_paper) in enumerate(_by_paper(table)):
        found = [judged(row) for _, row in of_paper.iterrows() if row["verdict"] != VERDICTS[-1]]
        parts.append(f'<h2 id="paper{place}">{html.escape(paper)}</h2>')
        parts += [f"<p>{html.escape(text)}</p>" for text in (f"{counts(of_paper)}.", *_lead(found))]
        if found:
            parts.append(_table("judged", HEAD, [_html_row(one, _shared(found)) for one in found]))
        parts += [_html_missing(reason, group) for reason, group in _missing(of_paper)]
    notes = "\n".join(f"<li>{html.escape(note)}</li>" for note in NOTES)
    parts.append(f"<h2>How to read this</h2>\n<ul>\n{notes}\n</ul>")
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{HEADING}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n{body}\n</body>\n"
        "</html>\n"
    )


def _table(kind: str, head: list[str] | tuple[str, ...], rows: list[str]) -> str:
    ths = "".join(f"<th>{word}</th>" for word in head)
    thead = f"<thead><tr>{ths}</tr></thead>"
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table class="{kind}">\n{thead}\n<tbody>\n{body}\n</tbody>\n</table>'


def _tds(cells: list[str]) -> str:
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _html_row(one: Judged, shared: tuple[str, ...]) -> str:
    (left, of_left), (right, of_right) = one.sides
    where = one.where + (f". Printed: {one.printed}" if one.printed else "")
    facts = "; ".join(fact for fact in one.facts if fact not in shared)
    return _tds(
        [
            f'<span class="{one.verdict}">{one.verdict}</span>',
            f"{html.escape(one.says)}<small>{html.escape(where)}</small>",
            f"{html.escape(one.metric)}<br><b>{left}</b> {html.escape(of_left)}"
            f"<small>{one.relation}</small><b>{right}</b> {html.escape(of_right)}",
            html.escape(one.difference) + (f"<small>{html.escape(facts)}</small>" if facts else ""),
        ]
    )


def _html_missing(reason: str, group: pd.DataFrame) -> str:
    claims = "\n".join(f"<li>{html.escape(_unmeasured(row))}</li>" for _, row in group.iterrows())
    return (
        f"<details><summary>Not measured, {_claims(len(group))}: {html.escape(reason)}</summary>\n"
        f"<ul>\n{claims}\n</ul></details>"
    )
