"""What others submitted, as the first page shows it: rows beside this run's, marked with their
source, and how far their numbers agree with this run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from maskbench.reporting.answers import AUC, Value, place_order, placement, tested
from maskbench.reporting.compare import HERE, THERE, compare, counts
from maskbench.reporting.names import title_of
from maskbench.reporting.submissions import Submission

SPLIT = "test"
ALONE = (HERE, THERE)
"""Outcomes of numbers that one of two runs has."""


@dataclass(frozen=True)
class Row:
    """A row of a table of the first page.

    Attributes:
        name: of the method or recogniser, as the run's configuration calls it.
        title: words for it.
        training_set: words for what it was trained on; "" of synthesis.
        of: its numbers by metric.
        source: name of the submission; "" of this run.
    """

    name: str
    title: str
    training_set: str
    of: Mapping[str, Value]
    source: str = ""


@dataclass(frozen=True)
class Entry:
    """A submission on the first page.

    Attributes:
        submission: the file.
        shown: rows of it in the tables of the page.
        other: its numbers of other data sets or crops than this run's.
        counts: its numbers and this run's by outcome
            (:data:`maskbench.reporting.compare.OUTCOMES`).
    """

    submission: Submission
    shown: int
    other: int
    counts: Mapping[str, int]

    @property
    def both(self) -> int:
        """Numbers that this run has too."""
        return sum(count for name, count in self.counts.items() if name not in ALONE)

    @property
    def agreement(self) -> str:
        """How those agree, in words."""
        parts = [f"{n} {name}" for name, n in self.counts.items() if n and name not in ALONE]
        return f"{self.both}: {', '.join(parts)}" if parts else "none"


def placing(
    placed: Mapping[str, Mapping[str, Value]],
    submissions: Sequence[Submission],
    own: pd.DataFrame,
    dataset: str,
) -> list[Row]:
    """The rows of the table of methods, the best placement first."""
    rows = [Row(name, title_of(name), "", of) for name, of in placed.items()]
    for one in submissions:
        for name, of in placement(comparable(one, own), dataset).items():
            rows.append(Row(name, _title(one, name), "", of, one.name))
    return sorted(rows, key=lambda row: (*place_order(row.of, row.name), row.source))


def recognising(
    trained: Sequence[tuple[str, str, Mapping[str, Value]]],
    submissions: Sequence[Submission],
    own: pd.DataFrame,
    dataset: str,
) -> list[Row]:
    """The rows of the table of recognisers and training sets, the best AUC first."""
    rows = [Row(name, title_of(name), title_of(sets), of) for name, sets, of in trained]
    for one in submissions:
        for name, sets, of in tested(comparable(one, own), dataset):
            rows.append(Row(name, _title(one, name), _title(one, sets), of, one.name))
    return sorted(rows, key=lambda row: -row.of[AUC].mean if AUC in row.of else 0.0)


def comparable(one: Submission, own: pd.DataFrame) -> pd.DataFrame:
    """The submitted numbers of a data set and a crop that this run has, of test people."""
    rows = _of_same_data(one, own)
    return rows[rows["split"] == SPLIT]


def _of_same_data(one: Submission, own: pd.DataFrame) -> pd.DataFrame:
    there = own[["dataset", "crop"]].drop_duplicates()
    return one.measurements.merge(there, on=["dataset", "crop"])


def entries(
    submissions: Sequence[Submission], own: pd.DataFrame, rows: Sequence[Row]
) -> list[Entry]:
    """The submissions, and how far each agrees with this run.

    Args:
        submissions: in the order in which they are listed.
        own: this run's numbers.
        rows: all rows of the page's tables.
    """
    found = []
    for one in submissions:
        same = _of_same_data(one, own)
        outcomes = counts(compare(one.measurements, own))
        shown = sum(row.source == one.name for row in rows)
        found.append(Entry(one, shown, len(one.measurements) - len(same), outcomes))
    return found


def _title(one: Submission, name: str) -> str:
    return one.titles.get(name) or title_of(name) or "nothing"
