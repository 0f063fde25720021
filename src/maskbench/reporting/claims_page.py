"""The verdicts as a page: ``claims.html`` and ``claims.md`` from the rows of ``claims.csv``.

Papers one after another, each with its counts, the claims that were judged, and the others by what
was missing.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from maskbench.metrics.catalogue import metric
from maskbench.reporting.aggregate import number, seeds_in_words

VERDICTS = ("supported", "contradicted", "undecided", "not measured")
TITLE = "Do the papers' claims hold here?"
NOTES = (
    "Difference: left − right, the mean over seeds (trainings). Its 95% interval comes from a "
    "bootstrap over pictures (recognition: over people), paired where both sides were measured on "
    "the same ones.",
    "Supported: the whole interval lies on the claimed side. Contradicted: it lies on the other "
    "side. Undecided: it holds zero, or there is no interval. Not measured: a side is missing, for "
    "the reason given.",
    "Where a side has several seeds, one is drawn in each resample. Where it has one, the interval "
    "does not show how another training would have come out.",
    "Each claim is judged at 95% by itself. Of the differences that are truly zero, about 5% are "
    "decided by chance.",
    "Claims without words of their own are orders of printed numbers: rows next to each other in "
    "one column of a table.",
)


def counts(table: pd.DataFrame) -> str:
    """``14 supported, 1 contradicted, 8 undecided, 20 not measured (23 of 43 measurable)``."""
    found = table["verdict"].value_counts()
    each = ", ".join(f"{found.get(verdict, 0)} {verdict}" for verdict in VERDICTS)
    measurable = len(table) - found.get("not measured", 0)
    return f"{each} ({measurable} of {len(table)} could be measured)"


@dataclass(frozen=True)
class _Judged:
    """A judged claim as text.

    Attributes:
        printed: the paper's numbers, "" without.
        sides: left and right: value and what it is of.
        difference: with its interval; or why there is none.
        basis: what the interval and the numbers rest on.
    """

    verdict: str
    says: str
    where: str
    printed: str
    metric: str
    relation: str
    sides: tuple[tuple[str, str], tuple[str, str]]
    difference: str
    basis: str


def _judged(row: pd.Series) -> _Judged:
    shown = metric(row["left_metric"])
    digits = max(3, shown.digits)
    values = [number(row[f"{side}_value"], digits) for side in ("left", "right")]
    difference = row["reason"]
    if pd.notna(row["ci_low"]):
        low, high = number(row["ci_low"], digits), number(row["ci_high"], digits)
        difference = f"{number(row['difference'], digits)} [{low}, {high}]"
    printed = ""
    if pd.notna(row["left_printed"]):
        printed = f"{row['left_printed']:g} {row['relation']} {row['right_printed']:g}"
    return _Judged(
        row["verdict"],
        row["says"],
        row["where"],
        printed,
        shown.title,
        row["relation"],
        ((values[0], _of(row, "left")), (values[1], _of(row, "right"))),
        difference,
        _basis(row),
    )


def _of(row: pd.Series, side: str) -> str:
    """``arcface, learnt from keypoint; bare_bare``: what a side is."""

    def column(name: str) -> str:
        return str(row[f"{side}_{name}"])

    words = [column("method")]
    if column("training_set") not in ("", "none"):
        words.append(f"learnt from {column('training_set')}")
    words += [
        column(name)
        for name, plain in (
            ("protocol", "standard"), ("subset", "all"), ("checkpoint", "final"),
        )
        if column(name) not in ("", plain)
    ]  # fmt: skip
    if column("styles") == "unseen":
        words.append("unseen styles")
    if row["left_metric"] != row["right_metric"] and column("metric"):
        words.append(metric(column("metric")).title)
    return ", ".join(word for word in words if word)


def _basis(row: pd.Series) -> str:
    """``orl; 3 seeds; interval over pictures and seeds``."""
    seeds = {row[f"{side}_seeds"] for side in ("left", "right")} - {0}
    networks = {row[f"{side}_network"] for side in ("left", "right")} - {""}
    words = [str(row["left_dataset"])]
    words.append(" and ".join(seeds_in_words(int(count)) for count in sorted(seeds)))
    words.append("; ".join(sorted(networks)))
    words.append(f"interval over {row['resampled']}" if row["resampled"] else "")
    return "; ".join(word for word in words if word)


def _papers(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for paper, rows in table.groupby("paper", sort=False):
        yield str(paper), rows


def _missing(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """What was not measured, by reason."""
    found = rows[rows["verdict"] == "not measured"]
    for reason, group in found.groupby("reason", sort=False):
        yield str(reason), group


def to_markdown(table: pd.DataFrame) -> str:
    """Every paper's judged claims as a table, the others as a list of what was missing."""
    parts = [f"# {TITLE}", f"{len(table)} claims: {counts(table)}."]
    for paper, rows in _papers(table):
        parts += [f"## {paper}", f"{counts(rows)}."]
        judged = [_judged(row) for _, row in rows.iterrows() if row["verdict"] != "not measured"]
        if judged:
            lines = [
                "| Verdict | Claim | Measured | Difference [95%] |",
                "| --- | --- | --- | --- |",
            ]
            for one in judged:
                (left, of_left), (right, of_right) = one.sides
                measured = f"{one.metric}: {left} ({of_left}) {one.relation} {right} ({of_right})"
                cells = [one.verdict, f"{one.says} ({one.where})", measured, one.difference]
                lines.append("| " + " | ".join(_escaped(cell) for cell in cells) + " |")
            parts.append("\n".join(lines))
        missing = [
            f"- {_escaped(reason)}: {len(group)} " + ("claim" if len(group) == 1 else "claims")
            for reason, group in _missing(rows)
        ]
        if missing:
            parts += ["Not measured:", "\n".join(missing)]
    parts += ["## How to read this", "\n".join(f"- {note}" for note in NOTES)]
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    for sign in "\\|*_<":
        text = text.replace(sign, "\\" + sign)
    return text


_CSS = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1a1a1a; margin: 1.5rem auto; max-width: 72rem;
  padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; border-bottom: 1.5px solid; }
th, td { padding: .4rem .6rem; text-align: left; vertical-align: top; }
th { border-top: 1.5px solid; border-bottom: 1px solid; }
td + td { border-left: 1px solid #eee; }
tbody tr:nth-child(even) { background: #f7f7f7; }
small { color: #555; display: block; }
b, .value { font-variant-numeric: tabular-nums; }
.verdict { white-space: nowrap; font-weight: 600; }
.supported { color: #00724f; } .contradicted { color: #b34700; } .undecided { color: #555; }
.wide { overflow-x: auto; }
details { margin: .6rem 0; } summary { cursor: pointer; }
"""


def to_html(table: pd.DataFrame) -> str:
    """A page that stands alone."""
    parts = [f"<h1>{TITLE}</h1>", f"<p>{len(table)} claims: {counts(table)}.</p>"]
    for paper, rows in _papers(table):
        parts += [f"<h2>{html.escape(paper)}</h2>", f"<p>{counts(rows)}.</p>"]
        judged = [_judged(row) for _, row in rows.iterrows() if row["verdict"] != "not measured"]
        if judged:
            head = "".join(f"<th>{word}</th>" for word in _HEAD)
            body = "\n".join(_html_row(one) for one in judged)
            parts.append(
                f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n'
                f"<tbody>\n{body}\n</tbody>\n</table></div>"
            )
        parts += [_html_missing(reason, group) for reason, group in _missing(rows)]
    notes = "\n".join(f"<li>{html.escape(note)}</li>" for note in NOTES)
    parts.append(f"<h2>How to read this</h2>\n<ul>\n{notes}\n</ul>")
    page = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{TITLE}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n{page}\n</body>\n"
        "</html>\n"
    )


_HEAD = ("Verdict", "What the paper holds", "Measured here", "Difference [95% interval]")


def _html_row(one: _Judged) -> str:
    (left, of_left), (right, of_right) = one.sides
    where = f"{one.where}. Printed: {one.printed}" if one.printed else one.where
    cells = [
        f'<td class="verdict {one.verdict}">{one.verdict}</td>',
        f"<td>{html.escape(one.says)}<small>{html.escape(where)}</small></td>",
        f"<td>{html.escape(one.metric)}<br><b>{left}</b> {html.escape(of_left)}<br>"
        f"{html.escape(one.relation)} <b>{right}</b> {html.escape(of_right)}</td>",
        f'<td class="value">{html.escape(one.difference)}'
        f"<small>{html.escape(one.basis)}</small></td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _html_missing(reason: str, group: pd.DataFrame) -> str:
    claims = "\n".join(
        f"<li>{html.escape(row['says'])} <small>{html.escape(row['where'])}</small></li>"
        for _, row in group.iterrows()
    )
    count = f"{len(group)} " + ("claim" if len(group) == 1 else "claims")
    return (
        f"<details><summary>Not measured, {count}: {html.escape(reason)}</summary>\n"
        f"<ul>\n{claims}\n</ul></details>"
    )
