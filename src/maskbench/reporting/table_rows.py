"""From measurements to the rows of a table: select, pivot, set beside what is printed.

A table has a part for each data set, split and crop that something was measured on, and within
these for each value of the columns that it names as ``parts``. A row is a method with its training
set; the paper's rows come first, measured or not, then the others that the table asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatch

import pandas as pd

from maskbench.reporting.aggregate import ABSENT, Result
from maskbench.reporting.names import condition_order, in_order, title_of
from maskbench.reporting.papers.tables import PLAIN, Column, Row, Table, differences

UNNAMED = "not named"
Place = tuple[str, str, str]
Name = tuple[str, str, str]
"""Method, training set and restorer of a row."""


@dataclass(frozen=True)
class Cell:
    """A printed number and the measured one, each of which may be missing.

    Attributes:
        printed: as the paper prints it, with what it prints after ±.
        result, spread: what was measured; spread: of the metric that stands after ±.
        differs: in what the measured number is not comparable with the printed one.
    """

    printed: float | None
    printed_spread: float | None
    result: Result | None
    spread: Result | None
    differs: tuple[str, ...]

    @property
    def measured(self) -> Result | None:
        """The result, if it has a number."""
        return self.result if self.result is not None and self.result.mean is not None else None


@dataclass(frozen=True)
class Line:
    """A row: what the paper prints for it, if anything, and a cell for each column of the table.

    Attributes:
        note: why nothing of it was measured, where its evaluation says so.
    """

    paper: Row | None
    name: Name
    cells: tuple[Cell, ...]
    note: str = ""

    @property
    def measured(self) -> list[Result]:
        """What has a number."""
        return [cell.measured for cell in self.cells if cell.measured is not None]


@dataclass(frozen=True)
class Part:
    """The rows of one data set, split and crop (None where nothing was measured), and of one value
    of each of the table's ``parts``."""

    place: Place | None
    values: dict[str, str]
    lines: tuple[Line, ...]


def select(table: Table, results: Sequence[Result]) -> list[Part]:
    """The parts of a table, in order; a paper's table has one even where nothing was measured."""
    where = {name: value for name, value in PLAIN.items() if name not in table.parts} | table.where
    own = {name for column in table.columns if not column.of_training_set
           for name in column.metrics}  # fmt: skip
    found = [r for r in results if r.metric in own and _agrees(r, where)]
    of_sets = {column.metric for column in table.columns if column.of_training_set}
    pictures = [
        r for r in results if r.metric in of_sets and r.step == "synthesis" and _agrees(r, PLAIN)
    ]
    absent = [r for r in results if r.backbone == ABSENT and r.step == table.where["step"]]
    parts = []
    for place in sorted({_place(r) for r in found}):
        here = [r for r in found if _place(r) == place]
        missing = {_name(r): r.note for r in absent if _place(r) == place}
        for values in _values(table.parts, [r for r in here if r.backbone != ABSENT]):
            chosen = [r for r in here if _agrees(r, values) and r.backbone != ABSENT]
            lines = _lines(table, chosen, missing, [p for p in pictures if p.dataset == place[0]])
            if any(line.measured or line.note for line in lines):
                parts.append(Part(place, values, tuple(lines)))
    if not parts and table.rows:
        parts.append(Part(None, {}, tuple(_lines(table, [], {}, pictures))))
    return parts


def _agrees(result: Result, wanted: dict[str, str]) -> bool:
    return all(getattr(result, name) == value for name, value in wanted.items())


def _place(result: Result) -> Place:
    return result.dataset, result.split, result.crop


def _name(result: Result) -> Name:
    return result.method, result.training_set, result.restorer


def _values(columns: Sequence[str], results: Sequence[Result]) -> Iterator[dict[str, str]]:
    """Every combination of the columns' values that was measured; {} where no column is named."""
    there = {tuple(getattr(r, name) for name in columns) for r in results}
    orders = [condition_order(c, {v[i] for v in there}) for i, c in enumerate(columns)]
    ranked = sorted(there, key=lambda v: [o.index(x) for o, x in zip(orders, v, strict=True)])
    for values in ranked or [()]:
        yield dict(zip(columns, values, strict=False))


def _lines(
    table: Table, results: Sequence[Result], missing: dict[Name, str], pictures: Sequence[Result]
) -> list[Line]:
    """The rows of one part. ``missing``: recognisers whose weights are not there, and why."""
    left: dict[Name, list[Result]] = {name: [] for name in missing}
    for result in results:
        left.setdefault(_name(result), []).append(result)
    lines: list[Line] = []

    def add(paper: Row | None, name: Name) -> None:
        own = left.pop(name, [])
        note = "" if own else missing.get(name, "")
        own = own + [p for p in pictures if p.method == name[1]]
        lines.extend(_rounds(table, paper, name, own, note))

    for row in table.rows:
        measured = [
            name
            for name in sorted(left)
            if name[0] == row.method and row.training_set in (None, name[1])
        ]
        for name in measured or [(row.method, row.training_set or "", "")]:
            add(row, name)
    others = [n for n in left if any(fnmatch(n[0], pattern) for pattern in table.others)]
    methods = in_order(name[0] for name in others)
    sets = in_order(name[1] for name in others)
    by_set = bool(table.rows)  # papers group their rows by training set

    def place(name: Name) -> tuple[int, int, str]:
        first, second = methods.index(name[0]), sets.index(name[1])
        return (second, first, name[2]) if by_set else (first, second, name[2])

    for name in sorted(others, key=place):
        add(None, name)
    return lines


def _rounds(
    table: Table, paper: Row | None, name: Name, results: Sequence[Result], note: str
) -> Iterator[Line]:
    """The rows of one name: as many as a metric was computed by different networks."""
    by_metric: dict[str, list[Result]] = {}
    for result in results:
        by_metric.setdefault(result.metric, []).append(result)
    shown = {m for column in table.columns for m in column.metrics}
    for i in range(max([1, *(len(by_metric[m]) for m in shown & set(by_metric))])):
        chosen = {m: found[i] for m, found in by_metric.items() if i < len(found)}
        cells = tuple(_cell(table, paper, column, chosen) for column in table.columns)
        yield Line(paper, name, cells, note)


def _cell(table: Table, paper: Row | None, column: Column, results: dict[str, Result]) -> Cell:
    printed = paper.printed if paper is not None else {}
    result = results.get(column.metric) if column.measured else None
    differs: list[str] = []
    if paper is not None and column.metric in printed and result and result.mean is not None:
        differs = _differences(table, paper, column, result)
    spread = column.spread or ""
    return Cell(
        printed.get(column.metric),
        printed.get(spread),
        result,
        results.get(spread),
        tuple(differs),
    )


def _differences(table: Table, paper: Row, column: Column, result: Result) -> list[str]:
    """In what a measured number is not comparable with the printed one. No paper published its
    pictures or pairs, nor named its weights."""
    own = [*differences(table.differs, column.metric), *differences(paper.differs, column.metric)]
    if result.step != "recognition":
        found = ["pictures", "training of the methods"]
        same = result.backbone.startswith((column.network, *column.same_network))
        if column.network and not same:
            unnamed = f" ({UNNAMED} in the paper)" if column.network == UNNAMED else ""
            found.append(f"network{unnamed}")
        return [*found, *own]
    same = result.backbone.startswith(paper.same_network) if paper.same_network else False
    return [
        "pairs" if result.dataset == table.dataset else "pictures",
        "weights (not named in the paper)" if same else "network and training",
        *own,
    ]


def shown_columns(table: Table, part: Part) -> list[tuple[Column, int]]:
    """The columns that hold anything in a part, with their place in the table."""
    return [
        (column, index)
        for index, column in enumerate(table.columns)
        if any(
            line.cells[index].printed is not None or line.cells[index].result is not None
            for line in part.lines
        )
    ]


_TIDY = (
    "paper_row", "method", "title", "training_set", "restorer", "protocol", "subset", "styles",
    "checkpoint", "metric", "reported", "reported_network", "reported_pictures", "mean", "sd",
    "seeds", "ci_low", "ci_high", "n_people", "n", "backbone", "step", "dataset", "split", "crop",
    "differs_in", "note",
)  # fmt: skip
_ROWS = ("method", "training_set", "restorer")  # the row's own, also where pictures are measured
_MEASURED = tuple(f.name for f in fields(Result) if f.name in _TIDY and f.name not in _ROWS)


def tidy(table: Table, parts: Sequence[Part]) -> pd.DataFrame:
    """A row for each number, printed or measured; printed percents stand as shares."""
    rows = [
        entry
        for part in parts
        for line in part.lines
        for column, index in shown_columns(table, part)
        for entry in _entries(table, part, line, column, line.cells[index])
    ]
    return pd.DataFrame(rows, columns=list(_TIDY))


def _entries(
    table: Table, part: Part, line: Line, column: Column, cell: Cell
) -> Iterator[dict[str, object]]:
    method, training_set, restorer = line.name
    base: dict[str, object] = {
        "method": method, "title": title_of(method), "training_set": training_set,
        "restorer": restorer, **PLAIN, **table.where, **part.values,
    }  # fmt: skip
    if part.place:
        base |= dict(zip(("dataset", "split", "crop"), part.place, strict=True))
    if line.paper is not None:
        base["paper_row"] = " / ".join(line.paper.labels)
    pairs = [(column.metric, cell.printed, cell.result)]
    if column.spread:
        pairs.append((column.spread, cell.printed_spread, cell.spread))
    for metric, printed, result in pairs:
        if printed is None and result is None and not line.note:
            continue
        entry = base | {"metric": metric}
        if printed is not None and line.paper is not None:
            entry |= {
                "reported": printed / table.scale(metric),
                "reported_network": column.network or line.paper.network or table.network,
                "reported_pictures": table.pictures,
            }
        if result is None:
            entry |= {"note": line.note, **({"backbone": ABSENT} if line.note else {})}
        else:
            entry |= {name: getattr(result, name) for name in _MEASURED}
            entry["differs_in"] = "; ".join(cell.differs)
        yield entry
