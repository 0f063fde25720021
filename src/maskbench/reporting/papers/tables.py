"""The record of a table: what a paper prints, and which measurements stand beside it.

A paper's file says under ``tables``::

    table2:
      title: Likeness to the reference pictures
      number: Table 2
      where: {step: synthesis}
      columns: [{metric: ssim, differs: [reference]}]
      rows:
        - {labels: [GAN], method: gan_stn, printed: {ssim: 0.625}}

Measurements are selected by ``where`` and by a row's method and training set; columns of
``measurements.csv`` that nothing names hold their plain value
(:data:`maskbench.measurements.PLAIN`). A tree of trainings has a row a stage (``checkpoint``) and
columns of one metric on several parts of the people (``split``); ``printed`` then says
``{metric}_{split}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from maskbench.config import Section
from maskbench.measurements import FINAL, PLAIN

Differences = dict[str, tuple[str, ...]]
EVERY = "every"


class Column(Section):
    """One metric, as printed and as measured."""

    metric: str
    title: str = Field("", description="heading; the metric's own where none is given")
    digits: int | None = Field(None, description="decimals; the metric's own where none is given")
    spread: str | None = Field(None, description="metric that stands after ±, over pairs")
    of_training_set: bool = Field(
        False, description="measured by synthesis, on masked faces of the row's training set"
    )
    split: str = Field(
        "", description='people that it is measured on; "": a part of the table each'
    )
    step: str = Field("", description="that measures it; the table's own where none is named")
    measured: bool = Field(True, description="false: printed only")
    absent: str = Field("", description="what stands in its cells where nothing of it is measured")
    percent: bool = Field(False, description="a share that is printed as percents")
    network: str = Field("", description="the paper's, for this metric")
    same_network: tuple[str, ...] = Field((), description="our names for it")

    @property
    def metrics(self) -> tuple[str, ...]:
        """Its metric and that of its spread."""
        return (self.metric,) if self.spread is None else (self.metric, self.spread)

    def key(self, metric: str) -> str:
        """How ``printed`` and ``differs`` call one of its metrics."""
        return f"{metric}_{self.split}" if self.split else metric

    @property
    def scale(self) -> float:
        """What measured numbers are multiplied by to be set beside the printed ones."""
        return 100.0 if self.percent else 1.0


class Row(Section):
    """One row of the paper and what stands for it here."""

    labels: tuple[str, ...] = Field(description="the cells that name it in the paper")
    method: str
    training_set: str | None = Field(None, description="null: any")
    checkpoint: str = Field(FINAL, description="the stage at whose end it is measured")
    network: str = Field("", description="the paper's, for the whole row")
    same_network: tuple[str, ...] = Field((), description="beginnings of our names for it")
    printed: dict[str, float] = Field({}, description="by a column's key, as printed")
    differs: Differences = Field({}, description="as of the table, in this row alone")


class Table(Section):
    """One table of a paper, or one of this project without printed numbers."""

    title: str
    number: str = Field("", description="the paper's name for it")
    pictures: str = Field("", description="what the paper measured on")
    dataset: str = Field("", description="our name of the data set that the paper tested on")
    network: str = Field("", description="the paper's, where rows name none")
    where: dict[str, str] = Field(description="values of columns of measurements.csv")
    parts: tuple[str, ...] = Field((), description="columns whose values get a part each")
    labels: tuple[str, ...] = Field((), description="headings of the rows' labels")
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    others: tuple[str, ...] = Field(
        (), description="patterns of methods whose measured rows follow below the paper's"
    )
    layout: Literal["beside", "below"] = Field(
        "beside", description="where measured numbers stand, seen from the printed ones"
    )
    intervals: Literal["inline", "below", "none"] = Field(
        "inline", description="where text has the 95% intervals; HTML and CSV always have them"
    )
    differs: Differences = Field(
        {}, description="in what measured numbers are not the paper's quantity, by metric"
    )
    notes: tuple[str, ...] = ()

    @property
    def of_stages(self) -> bool:
        """Whether its rows are stages of trainings."""
        return any(row.checkpoint != FINAL for row in self.rows)

    @property
    def of_splits(self) -> bool:
        """Whether its columns are of several parts of the people."""
        return any(column.split for column in self.columns)

    def selection(self, row: Row, column: Column) -> dict[str, str]:
        """The columns of ``measurements.csv``, with their values, that stand for a printed number.

        Those of the data set, the network and the seed are left open, as is the training set where
        the row names none.
        """
        if column.of_training_set:
            assert row.training_set is not None
            return {**PLAIN, "step": "synthesis", "method": row.training_set,
                    "metric": column.metric}  # fmt: skip
        chosen = {**PLAIN, **self.where, "method": row.method, "metric": column.metric,
                  "checkpoint": row.checkpoint}  # fmt: skip
        chosen |= {"split": column.split} if column.split else {}
        chosen |= {"step": column.step} if column.step else {}
        return chosen if row.training_set is None else chosen | {"training_set": row.training_set}

    def metrics(self, of_training_set: bool) -> set[str]:
        """Of the columns that are measured on masks of a row's training set, or of the others."""
        chosen = [column for column in self.columns if column.of_training_set == of_training_set]
        return {metric for column in chosen for metric in column.metrics}


def differences(remarks: Mapping[str, Any], metric: str) -> list[str]:
    """What ``differs`` of a table or of a row says of a metric."""
    return [*remarks.get(EVERY, ()), *remarks.get(metric, ())]
