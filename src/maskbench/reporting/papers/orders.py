"""Claims that follow from the order of the numbers which a paper prints.

In each column of a table, rows that stand next to each other when they are sorted by the printed
number make a claim: the better number is better here, too. Only rows of one recogniser are
compared: where rows have several labels, those that agree in all but the first. Equal numbers make
no claim, nor does a metric without a better end, nor a printed number that its row says is another
quantity.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maskbench.reporting.papers.claims import Claim, Quantity, Side, plain_id


@dataclass(frozen=True)
class Printed:
    """One printed number.

    Attributes:
        value: the number.
        label: what the table compares, its row's first label.
        group: the row's other labels: the recogniser.
        quantity: what stands for the number here.
    """

    value: float
    label: str
    group: tuple[str, ...]
    quantity: Quantity


def orders(column: Sequence[Printed], title: str, better: str, where: str) -> list[Claim]:
    """The claims of one column.

    Args:
        column: its printed numbers.
        title: of its metric.
        better: ``higher``, ``lower`` or "" where neither is meant.
        where: the table's place in the paper.
    """
    if better not in ("higher", "lower"):
        return []
    relation, word = (">", "over") if better == "higher" else ("<", "below")
    claims = []
    for group in dict.fromkeys(one.group for one in column):
        among = [one for one in column if one.group == group]
        for good, bad in _neighbours(among, better):
            text = f"{title}: {good.value:g} for {good.label}, {bad.value:g} for {bad.label}"
            claims.append(
                Claim(
                    id=_id(good.quantity, word, bad.quantity),
                    where=where,
                    says=", ".join([text, *group]),
                    left=good.quantity,
                    relation=relation,
                    right=bad.quantity,
                    printed=(good.value, bad.value),
                )
            )
    return claims


def _neighbours(column: Sequence[Printed], better: str) -> Iterator[tuple[Printed, Printed]]:
    """(better, worse) of rows next to each other; rows of one value all have the same neighbours."""
    ranked = sorted(column, key=lambda one: one.value, reverse=better == "higher")
    levels = [list(level) for _, level in itertools.groupby(ranked, key=lambda one: one.value)]
    for upper, lower in itertools.pairwise(levels):
        yield from itertools.product(upper, lower)


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
    """The sides, the greater one first; the step that a quantity is from follows from its metric."""
    sides = [
        side.model_copy(update={"step": None}) if isinstance(side, Quantity) else side
        for side in (claim.sides if claim.relation.startswith(">") else claim.sides[::-1])
    ]
    return sides[0], sides[1]
