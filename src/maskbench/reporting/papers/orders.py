"""Claims that follow from the order of the numbers which a paper prints.

In each column of a table, rows that are neighbours when sorted by the printed number make a claim:
the better number is better here, too. Only rows of one recogniser are compared: where rows have
several labels, those that agree in all but the first. Equal numbers make no claim, nor does a
metric without a better end, nor a printed number that its row says is another quantity.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maskbench.metrics.catalogue import Metric, metric
from maskbench.reporting.papers.claims import Claim, Quantity, Side, plain_id
from maskbench.reporting.papers.tables import Column, Table


@dataclass(frozen=True)
class _Printed:
    """One printed number and the quantity that stands for it here."""

    value: float
    labels: tuple[str, ...]
    quantity: Quantity


def orders(table: Table) -> list[Claim]:
    """The claims of one table, column by column."""
    claims = []
    for column in table.columns:
        shown = metric(column.metric)
        printed = _printed(table, column) if shown.better else []
        for recogniser in dict.fromkeys(one.labels[1:] for one in printed):
            group = [one for one in printed if one.labels[1:] == recogniser]
            claims += [
                _claim(good, bad, shown, table.number)
                for good, bad in _neighbours(group, shown.better)
            ]
    return claims


def with_orders(written: Sequence[Claim], tables: Sequence[Table]) -> list[Claim]:
    """All claims of a paper: those in words, with the printed numbers of their sides where both
    are printed, then the orders in its tables that no words are about."""
    numbers: dict[Side, float] = {}
    for table in tables:
        for column in table.columns:
            for one in _printed(table, column):
                numbers.setdefault(_stepless(one.quantity), one.value)
    claims = []
    for claim in written:
        left, right = (numbers.get(_stepless(side)) for side in claim.sides)
        if left is not None and right is not None:
            claim = claim.model_copy(update={"printed": (left, right)})
        claims.append(claim)
    taken = {_compared(claim) for claim in written}
    derived = [claim for table in tables for claim in orders(table)]
    return claims + [claim for claim in derived if _compared(claim) not in taken]


def _printed(table: Table, column: Column) -> list[_Printed]:
    if not column.measured:
        return []
    key = column.key(column.metric)
    return [
        _Printed(row.printed[key], row.labels, Quantity(**table.selection(row, column)))
        for row in table.rows
        if key in row.printed and key not in row.differs
    ]


def _neighbours(column: Sequence[_Printed], better: str) -> Iterator[tuple[_Printed, _Printed]]:
    """(better, worse) of neighbouring numbers; equal numbers have the same neighbours."""
    ranked = sorted(column, key=lambda one: one.value, reverse=better == "higher")
    levels = [list(level) for _, level in itertools.groupby(ranked, key=lambda one: one.value)]
    for upper, lower in itertools.pairwise(levels):
        yield from itertools.product(upper, lower)


def _claim(good: _Printed, bad: _Printed, shown: Metric, where: str) -> Claim:
    relation, word = (">", "over") if shown.better == "higher" else ("<", "below")
    recogniser = "".join(f" ({label})" for label in good.labels[1:])
    people = f" ({good.quantity.split} people)" if good.quantity.split else ""
    return Claim(
        id=_id(good.quantity, word, bad.quantity),
        where=f"order of the numbers printed in {where}",
        says=f"{shown.title} is {shown.better} for {good.labels[0]} than for {bad.labels[0]}"
        f"{recogniser}{people}.",
        left=good.quantity,
        relation=relation,
        right=bad.quantity,
        printed=(good.value, bad.value),
    )


def _id(left: Quantity, word: str, right: Quantity) -> str:
    """``ssim_pywgan_div_over_wgan_stn``; of training sets, with their recogniser:
    ``learnt_from_mfgan_over_iamgan_softmax_accuracy``; of stages
    ``fid_test_simgan_slowest_below_simgan_slower``."""
    if left.split is not None:
        better, worse = (f"{side.method}_{side.checkpoint}" for side in (left, right))
        return plain_id(f"{left.metric}_{left.split}_{better}_{word}_{worse}")
    if left.method != right.method:
        return plain_id(f"{left.metric}_{left.method}_{word}_{right.method}")
    sets = f"learnt_from_{left.training_set}_{word}_{right.training_set}"
    return plain_id(f"{sets}_{left.method}_{left.metric}")


def _compared(claim: Claim) -> tuple[Side, Side]:
    """The sides, the one that is claimed to be greater first."""
    left, right = map(_stepless, claim.sides)
    return (left, right) if claim.relation.startswith(">") else (right, left)


def _stepless(side: Side) -> Side:
    """A quantity as a claim in words names it, which leaves its step open."""
    return side.model_copy(update={"step": None}) if isinstance(side, Quantity) else side
