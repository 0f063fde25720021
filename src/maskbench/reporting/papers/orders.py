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

from maskbench.metrics.catalogue import metric
from maskbench.reporting.papers.claims import Claim, Quantity, Side, plain_id
from maskbench.reporting.papers.tables import Table


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
        better = metric(column.metric).better
        if not column.measured or better not in ("higher", "lower"):
            continue
        printed = [
            _Printed(
                row.printed[column.metric],
                row.labels,
                Quantity(**table.selection(row, column)),
            )
            for row in table.rows
            if column.metric in row.printed and column.metric not in row.differs
        ]
        for recogniser in dict.fromkeys(one.labels[1:] for one in printed):
            group = [one for one in printed if one.labels[1:] == recogniser]
            for good, bad in _neighbours(group, better):
                claims.append(_claim(good, bad, better, table.number, metric(column.metric).title))
    return claims


def _neighbours(column: Sequence[_Printed], better: str) -> Iterator[tuple[_Printed, _Printed]]:
    """(better, worse) of neighbouring numbers; equal numbers have the same neighbours."""
    ranked = sorted(column, key=lambda one: one.value, reverse=better == "higher")
    levels = [list(level) for _, level in itertools.groupby(ranked, key=lambda one: one.value)]
    for upper, lower in itertools.pairwise(levels):
        yield from itertools.product(upper, lower)


def _claim(good: _Printed, bad: _Printed, better: str, where: str, title: str) -> Claim:
    relation, word = (">", "over") if better == "higher" else ("<", "below")
    with_recogniser = "".join(f" with {label}" for label in good.labels[1:])
    return Claim(
        id=_id(good.quantity, word, bad.quantity),
        where=where,
        says=f"{title}{with_recogniser} is {better} for {good.labels[0]} than for {bad.labels[0]}.",
        left=good.quantity,
        relation=relation,
        right=bad.quantity,
        printed=(good.value, bad.value),
    )


def _id(left: Quantity, word: str, right: Quantity) -> str:
    """``ssim_pywgan_div_over_wgan_stn``; of training sets, with their recogniser:
    ``learnt_from_mfgan_over_iamgan_softmax_accuracy``."""
    if left.method != right.method:
        return plain_id(f"{left.metric}_{left.method}_{word}_{right.method}")
    sets = f"learnt_from_{left.training_set}_{word}_{right.training_set}"
    return plain_id(f"{sets}_{left.method}_{left.metric}")


def with_orders(written: Sequence[Claim], derived: Sequence[Claim]) -> list[Claim]:
    """All of a paper's claims. An order that the paper also puts in words is the written claim,
    which then carries the printed numbers."""
    numbers = {_compared(one): one.printed for one in derived}
    taken = {_compared(one) for one in written}
    claims = []
    for one in written:
        printed = numbers.get(_compared(one))
        if printed is not None:
            ordered = sorted(printed, reverse=one.relation.startswith(">"))
            one = one.model_copy(update={"printed": tuple(ordered)})
        claims.append(one)
    return claims + [one for one in derived if _compared(one) not in taken]


def _compared(claim: Claim) -> tuple[Side, Side]:
    """The sides, the greater one first, without the step: a quantity's metric tells it."""
    sides = [
        side.model_copy(update={"step": None}) if isinstance(side, Quantity) else side
        for side in (claim.sides if claim.relation.startswith(">") else claim.sides[::-1])
    ]
    return sides[0], sides[1]
