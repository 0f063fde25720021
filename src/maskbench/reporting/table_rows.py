"""From measurements to the numbers of a table: select, and set beside what is printed.

A table has a part for each data set, split and crop that something was measured on, and within
these for each value of the columns that it names as ``parts``. A line is a method with its training
set, or a stage of its training; the paper's rows come first, measured or not, then the others that
the table asks for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from math import isnan, nan
from types import SimpleNamespace
from typing import Any

from maskbench.measurements import ALL, PLAIN, SEEN
from maskbench.reporting.aggregate import ABSENT, GROUP, QUANTITIES
from maskbench.reporting.names import condition_order, in_order, title_of
from maskbench.reporting.papers.tables import Column, Row, Table, differences

UNNAMED = "not named"
PLACE = ["dataset", "split", "crop"]
PICTURES = [*PLACE, "method", "styles"]
NAME = ["method", "training_set", "restorer", "checkpoint"]
CSV = [
    "paper_row", "method", "title", "training_set", "restorer", "protocol", "subset", "styles",
    "checkpoint", "metric", "reported", "reported_network", "reported_pictures", "mean", "sd",
    "seeds", "ci_low", "ci_high", "n_people", "n", "backbone", "step", "dataset", "split", "crop",
    "differs_in", "note",
]  # fmt: skip
MEASURED = [name for name in CSV if name in (*GROUP, *QUANTITIES) and name not in NAME]
Cell = SimpleNamespace
"""A number, printed and measured: the columns :data:`CSV`, where an absent text is empty and an
absent number NaN; ``printed`` as the paper has it; ``kept``, how far its method, or that of its
training set, keeps the face (``ssim_outside_mask``); and where it stands: ``part``, ``line``,
``column``, and ``row`` of the paper (-1: none), each a number."""
_NOTHING = dict.fromkeys(CSV, "") | dict.fromkeys(
    ["printed", "kept", "reported", "mean", "sd", "seeds", "ci_low", "ci_high", "n_people", "n"],
    nan,
)

Name = tuple[str, ...]
Result = Mapping[Any, Any]
Results = dict[tuple[Name, str], list[Result]]
"""By name of the line (pictures: of the training set alone) and key of the metric; several where
several networks computed it, which are never mixed."""


def numbers(table: Table, results: Sequence[Result]) -> list[Cell]:
    """All numbers, printed or measured, in the order of the CSV file.

    Args:
        table: what is asked for.
        results: rows of :func:`maskbench.reporting.aggregate.over_seeds`.
    """
    open_ = {*table.parts, *(["checkpoint"] if table.of_stages else [])}
    plain = {name: value for name, value in PLAIN.items() if name not in open_}
    metrics = table.metrics(of_training_set=False)
    found = [r for r in _having(results, plain | table.where) if r["metric"] in metrics]
    for column in [column for column in table.columns if column.step]:
        own = {"step": column.step, "metric": column.metric}
        found += _having(results, plain | table.where | own)
    metrics = table.metrics(of_training_set=True)
    pictures = [
        r for r in _having(results, PLAIN | {"step": "synthesis"}) if r["metric"] in metrics
    ]
    absent = _having(results, {"backbone": ABSENT, "step": table.where["step"]})
    columns = [name for name in PLACE if name != "split" or not table.of_splits]
    entries: list[dict[str, Any]] = []
    for place in sorted({_values(r, columns) for r in found}):
        at = dict(zip(columns, place, strict=True))
        missing = {_values(r, NAME): r["note"] for r in _having(absent, at)}
        of_sets = _by_name(_having(pictures, {"dataset": at["dataset"]}), ["method"])
        here = [r for r in _having(found, at) if r["backbone"] != ABSENT]
        for values in _parts(table, here):
            by_name = _by_name(_having(here, values), NAME, table.of_splits) | of_sets
            part = _entries(table, by_name, missing, at | values)
            if any(
                not isnan(one.get("mean", nan)) or one.get("backbone") == ABSENT for one in part
            ):
                number = entries[-1]["part"] + 1 if entries else 0
                entries += [one | {"part": number} for one in part]
    if not entries:  # a paper's table stands even where nothing was measured
        part = _entries(table, _by_name(pictures, ["method"]), {}, {})
        entries = [one | {"part": 0} for one in part]
    kept = _having(results, {"step": "synthesis", "metric": "ssim_outside_mask", "subset": ALL})
    means = {_values(r, PICTURES): r["mean"] for r in kept}
    learnt = {r["method"]: r["mean"] for r in _having(kept, {"styles": SEEN})}
    for entry in entries:
        if entry["step"] == "synthesis" and "mean" in entry:
            entry["kept"] = means.get(_values(entry, PICTURES), nan)
        elif entry["step"] == "recognition":
            entry["kept"] = learnt.get(entry["training_set"], nan)
    return [Cell(**(_NOTHING | entry)) for entry in entries]


def _having(results: Iterable[Result], values: Mapping[str, str]) -> list[Result]:
    for column, value in values.items():
        results = [r for r in results if r[column] == value]
    return list(results)


def _values(result: Result, columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(result[column] for column in columns)


def _parts(table: Table, results: Sequence[Result]) -> Iterator[dict[str, str]]:
    """The measured values of the columns that get a part each; {} where nothing was measured."""
    there = {_values(r, table.parts) for r in results}
    orders = [condition_order(column, {r[column] for r in results}) for column in table.parts]
    for values in [v for v in itertools.product(*orders) if v in there] or [()]:
        yield dict(zip(table.parts, values, strict=False))


def _by_name(results: Iterable[Result], columns: Sequence[str], of_splits: bool = False) -> Results:
    found: Results = {}
    for result in results:
        key = f"{result['metric']}_{result['split']}" if of_splits else result["metric"]
        found.setdefault((_values(result, columns), key), []).append(result)
    return found


def _lines(table: Table, names: Iterable[Name]) -> Iterator[tuple[int, Name]]:
    """Place of the paper's row (-1: none) and name of each line."""
    left = set(names)
    for index, row in enumerate(table.rows):
        stand = {
            n
            for n in left
            if (n[0], n[3]) == (row.method, row.checkpoint) and row.training_set in (None, n[1])
        }
        left -= stand
        for name in sorted(stand) or [(row.method, row.training_set or "", "", row.checkpoint)]:
            yield index, name
    others = [n for n in left if any(fnmatch(n[0], pattern) for pattern in table.others)]
    methods, sets = in_order(n[0] for n in others), in_order(n[1] for n in others)

    def place(name: Name) -> tuple[int, int, Name]:
        first, second = methods.index(name[0]), sets.index(name[1])
        # Papers group their rows by training set.
        return (second, first, name[2:]) if table.rows else (first, second, name[2:])

    for name in sorted(others, key=place):
        yield -1, name


def _entries(
    table: Table, results: Results, missing: Mapping[Name, str], at: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The numbers of one part. ``missing``: recognisers without their weights, and why."""
    measured = {name for name, _ in results if len(name) == len(NAME)}
    entries: list[dict[str, Any]] = []
    shown = set()
    line = 0
    for index, name in _lines(table, measured | set(missing)):
        row = table.rows[index] if index >= 0 else None
        own = {**dict(zip(NAME, name, strict=True)), "title": title_of(name[0])}
        base = {**PLAIN, **table.where, **at, **own, "row": index}
        if row is not None:
            base["paper_row"] = " / ".join(row.labels)
        found = [
            (place, column, metric, results.get(key, []) if column.measured else [])
            for place, column in enumerate(table.columns)
            for metric in column.metrics
            for key in [(name[1:2] if column.of_training_set else name, column.key(metric))]
        ]
        for turn in range(max([1, *(len(rows) for *_, rows in found)])):
            for place, column, metric, rows in found:
                entry: dict[str, Any] = base | {"line": line, "column": place, "metric": metric}
                entry["step"] = column.step or base["step"]
                if row is not None and (key := column.key(metric)) in row.printed:
                    entry |= {
                        "printed": row.printed[key],
                        "reported": row.printed[key] / column.scale,
                        "reported_network": column.network or row.network or table.network,
                        "reported_pictures": table.pictures,
                    }
                if turn < len(rows):
                    entry |= {key: rows[turn][key] for key in MEASURED}
                    if "printed" in entry and row is not None and not isnan(entry["mean"]):
                        entry["differs_in"] = "; ".join(_differences(table, row, column, entry))
                elif name in missing and name not in measured:
                    entry |= {"backbone": ABSENT, "note": missing[name]}
                elif "printed" not in entry:
                    continue
                entries.append(entry)
                if metric == column.metric and ("printed" in entry or "mean" in entry):
                    shown.add(place)
            line += 1
    return [entry for entry in entries if entry["column"] in shown]


def _differences(table: Table, row: Row, column: Column, result: Mapping[str, Any]) -> list[str]:
    """In what a measured number is not comparable with the printed one. No paper published its
    pictures or pairs, nor named its weights."""
    key = column.key(column.metric)
    own = [*differences(table.differs, key), *differences(row.differs, key)]
    if result["step"] != "recognition":
        found = ["pictures", "training of the methods"]
        same = result["backbone"] in (column.network, *column.same_network)
        if column.network and not same:
            unnamed = f" ({UNNAMED} in the paper)" if column.network == UNNAMED else ""
            found.append(f"network{unnamed}")
        return [*found, *own]
    same = result["backbone"].startswith(row.same_network) if row.same_network else False
    return [
        "pairs" if result["dataset"] == table.dataset else "pictures",
        "weights (not named in the paper)" if same else "network and training",
        *own,
    ]
