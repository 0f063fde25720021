"""Tables of recognition that set a paper's printed numbers beside the measured ones.

Their rows stand in ``reported.yaml`` under ``stage: recognition``: a row is a recogniser and the
training set that it learnt from. Each data set that was tested on has a block of its own. Papers
print percents and rows are measured as shares: the printed table shows percents for both, the CSV
shares for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from maskbench.reporting.absent import with_absent
from maskbench.reporting.aggregate import Result, measured, number, over_seeds
from maskbench.reporting.names import metric
from maskbench.reporting.paper_table import TRAINED_ON_THEM, named_differences, reported
from maskbench.reporting.recognition_names import (
    encoder_of,
    recogniser_order,
    recogniser_title,
    split_variant,
    training_set_order,
    training_set_title,
)
from maskbench.reporting.table_text import NOT_MEASURED, Block, Text

INTERVALS = (
    "Measured: mean ± standard deviation over seeds (number of seeds) [95% bootstrap interval over "
    "people, the widest that the seeds' intervals span]"
)
SPREAD = "In the cosine columns ± is the deviation over pairs, as the paper prints it"
TIDY = (
    "paper_row", "method", "title", "training_set", "protocol", "metric", "reported",
    "reported_network", "reported_pictures", "mean", "sd", "seeds", "ci_low", "ci_high", "n",
    "backbone", "stage", "dataset", "split", "crop", "differs_in", "note",
)  # fmt: skip
UNNAMED_WEIGHTS = "weights (not named in the paper)"
PERCENT = ("accuracy", "tar_at_far_", "rank_")  # beginnings of metrics that are shares

Place = tuple[str, str, str]


@dataclass(frozen=True)
class _Row:
    """A printed row: what the paper has for it (may be nothing) and what was measured."""

    paper: dict[str, Any] | None
    method: str
    training_set: str
    results: list[Result]


def build(name: str, measurements: pd.DataFrame) -> tuple[pd.DataFrame, Text]:
    """The table ``name``: (one row a number for CSV, the printed table).

    Rows of the paper that were not measured stay with an empty measured cell. Measured training
    sets that the paper does not have, and the recognisers of ``further``, follow below.
    """
    spec = reported()[name]
    everything = over_seeds(measurements)
    found = [
        result
        for result in with_absent([r for r in everything if r.stage == "recognition"])
        if split_variant(result.variant)[1] == spec.get("pairs", "")
        and result.metric in _metrics(spec)
    ]
    pictures = [r for r in everything if r.stage == "synthesis" and r.variant == ""]
    blocks: list[Block] = []
    tidy: list[dict[str, Any]] = []
    by_place = {
        place: _rows(spec, [result for result in found if _place(result) == place])
        for place in sorted({_place(result) for result in found})
    }
    shown: dict[Any, list[_Row]] = {
        p: of for p, of in by_place.items() if any(r.results for r in of)
    }
    for place, bare_rows in (shown or {None: _rows(spec, [])}).items():
        rows = [
            _Row(
                row.paper, row.method, row.training_set, row.results + _of_set(spec, row, pictures)
            )
            for row in bare_rows
        ]
        heading = f"Tested on {place[0]} {place[1]}, {place[2]}" if place else ""
        blocks.append(Block(heading, [_cells(spec, row) for row in rows]))
        tidy += [entry for row in rows for entry in _entries(spec, row)]
    text = Text(name, f"{spec['title']}: {spec['paper']}", _head(spec), blocks)
    text.notes = [INTERVALS, f"Reported: {spec['paper']}; pictures there: {spec['pictures']}"]
    if any("spread" in column for column in spec["columns"]):
        text.notes.append(SPREAD)
    if spec.get("percent"):
        text.notes.append(
            "Columns with (%) show percents on both sides; the CSV file and measurements.csv hold "
            "shares, 0 to 1"
        )
    text.notes.append(spec["protocol"])
    return pd.DataFrame(tidy, columns=list(TIDY)), text


def _metrics(spec: dict[str, Any]) -> list[str]:
    """Metrics of the recognisers themselves, with those of spreads."""
    own = [column for column in spec["columns"] if column.get("of") != "training_set"]
    return [c[key] for c in own for key in ("metric", "spread") if key in c]


def _place(result: Result) -> Place:
    return result.dataset, result.split, result.crop


def _rows(spec: dict[str, Any], results: Sequence[Result]) -> list[_Row]:
    """The paper's rows in its order, then what else was measured."""
    left: dict[tuple[str, str, str], list[Result]] = {}
    for r in results:
        left.setdefault((r.method, split_variant(r.variant)[0], r.backbone), []).append(r)
    rows = []
    for printed in spec["rows"]:
        wanted = printed.get("training_sets", [""])
        mine = [key for key in sorted(left) if key[0] == printed["method"] and key[1] in wanted]
        rows += [_Row(printed, key[0], key[1], left.pop(key)) for key in mine]
        if not mine:
            rows.append(_Row(printed, printed["method"], wanted[0], []))
    methods = _further(spec, {method for method, _, _ in left})
    sets = training_set_order({training_set for _, training_set, _ in left})
    for training_set in sets:
        for method in methods:
            mine = [key for key in sorted(left) if key[:2] == (method, training_set)]
            rows += [_Row(None, method, training_set, left[key]) for key in mine]
    return rows


def _further(spec: dict[str, Any], methods: Iterable[str]) -> list[str]:
    """Which of the measured recognisers follow below the paper's rows, in order."""
    if "further" not in spec:
        return []
    methods = set(methods)
    shown = {row["method"] for row in spec["rows"]} | set(spec["further"])
    if spec.get("approaches"):
        encoders = {encoder for encoder, ending in map(encoder_of, methods) if ending}
        shown |= {name for name in methods if encoder_of(name)[0] in encoders}
    return recogniser_order(methods & shown)


def _of_set(spec: dict[str, Any], row: _Row, pictures: Sequence[Result]) -> list[Result]:
    """What was measured on the masked pictures of the row's training set."""
    wanted = [c["metric"] for c in spec["columns"] if c.get("of") == "training_set"]
    return [r for r in pictures if r.method == row.training_set and r.metric in wanted]


def _scale(spec: dict[str, Any], key: str) -> float:
    return 100.0 if spec.get("percent") and key.startswith(PERCENT) else 1.0


def _digits(column: dict[str, Any]) -> int:
    return int(column.get("digits", metric(column["metric"]).digits))


def _entries(spec: dict[str, Any], row: _Row) -> list[dict[str, Any]]:
    """One row of the CSV for each number."""
    base: dict[str, Any] = {
        "method": row.method,
        "title": recogniser_title(row.method),
        "training_set": row.training_set,
        "protocol": spec.get("pairs", ""),
    }
    if row.paper:
        base["paper_row"] = " / ".join(row.paper["paper"])
        base["reported_network"] = row.paper["network"]
        base["reported_pictures"] = spec["pictures"]
    entries = []
    for column in spec["columns"]:
        for key in (column[part] for part in ("metric", "spread") if part in column):
            printed = (row.paper or {}).get(key)
            entry = base | {"metric": key}
            if printed is not None:
                entry["reported"] = printed / _scale(spec, key)
            results: list[Result | None] = [r for r in row.results if r.metric == key]
            for result in results or [None]:
                one = dict(entry)
                if result is not None:
                    own = ("method", "title")
                    one |= {
                        part: getattr(result, part)
                        for part in TIDY
                        if hasattr(result, part) and part not in own
                    }
                    if result.mean is not None:
                        one["differs_in"] = "; ".join(_differences(spec, row, result))
                entries.append(one)
    return entries


def _differences(spec: dict[str, Any], row: _Row, result: Result) -> list[str]:
    """In what a measured number is not comparable with the printed one; [] without one."""
    if row.paper is None or row.paper.get(result.metric) is None:
        return []
    own = [*named_differences(spec, result.metric), *named_differences(row.paper, result.metric)]
    if result.stage != "recognition":
        return ["pictures", TRAINED_ON_THEM, *own]
    same = result.backbone.startswith(tuple(row.paper.get("same_network", ())))
    return [  # none of the papers published its pairs
        "pairs" if result.dataset == spec.get("dataset") else "pictures",
        UNNAMED_WEIGHTS if same else "network and training",
        *own,
    ]


def _head(spec: dict[str, Any]) -> list[str]:
    head = [f"{label} (paper)" for label in spec["labels"]]
    head += ["Recogniser here", "Learnt from"]
    for column in spec["columns"]:
        shown = metric(column["metric"])
        title = shown.title + (" (%)" if _scale(spec, column["metric"]) > 1 else "")
        title += shown.arrow
        if any(column["metric"] in row for row in spec["rows"]):
            head.append(f"{title} reported")
        head.append(f"{title} measured")
    return [*head, "Network here", "Network in the paper", "Measured on", "Differs in; remarks"]


def _cells(spec: dict[str, Any], row: _Row) -> list[str]:
    paper = row.paper or {}
    cells = list(paper.get("paper", [""] * len(spec["labels"])))
    cells += [recogniser_title(row.method), training_set_title(row.training_set)]
    for column in spec["columns"]:
        if any(column["metric"] in other for other in spec["rows"]):
            cells.append(_printed(column, paper))
        cells.append(_measured(spec, column, row))
    found = [r for r in row.results if r.mean is not None]
    own = [r for r in row.results if r.stage == "recognition"]
    where = [
        part
        for stage in ("recognition", "synthesis")
        if (mine := [r for r in found if r.stage == stage])
        for part in (f"{mine[0].dataset} {mine[0].split}", *counted(mine))
    ]
    differs = dict.fromkeys(part for r in found for part in _differences(spec, row, r))
    networks = [
        *dict.fromkeys(r.backbone for r in own),
        *dict.fromkeys(
            f"{metric(r.metric).title}: {r.backbone}"
            for r in row.results
            if r.stage != "recognition" and r.backbone != "none"
        ),
    ]
    notes = dict.fromkeys(_note(row, r) for r in row.results if r.note)
    return [
        *cells,
        "; ".join(networks),
        paper.get("network", ""),
        ", ".join(where),
        "; ".join([*differs, *notes]),
    ]


def _note(row: _Row, result: Result) -> str:
    """A remark, with its metric where it does not hold for all of them."""
    everywhere = all(r.note == result.note for r in row.results)
    return result.note if everywhere else f"{metric(result.metric).title}: {result.note}"


def counted(results: Sequence[Result]) -> list[str]:
    """How many pairs (the most where metrics differ), probes or pictures numbers come from."""
    most: dict[str, int] = {}
    for r in results:
        probes = r.metric.startswith("rank_")
        kind = "pictures" if r.stage != "recognition" else "probes" if probes else "pairs"
        if r.mean is not None and r.metric != "undetected":
            most[kind] = max(most.get(kind, 0), r.n)
    return [f"{n} {kind}" for kind, n in most.items()]


def _printed(column: dict[str, Any], paper: dict[str, Any]) -> str:
    key = column["metric"]
    if key not in paper:
        return ""
    text = number(paper[key], _digits(column))
    if "spread" in column:
        text += f" ± {number(paper[column['spread']], _digits(column))}"
    return text


def _measured(spec: dict[str, Any], column: dict[str, Any], row: _Row) -> str:
    key = column["metric"]
    cells = []
    for result in (r for r in row.results if r.metric == key):
        if result.mean is None:
            cells.append(NOT_MEASURED)
            continue
        text = measured(result, _digits(column), _scale(spec, key))
        spread = [r for r in row.results if r.metric == column.get("spread") and r.mean is not None]
        if spread:
            assert spread[0].mean is not None
            plain, _, rest = text.partition(" (")
            deviation = number(spread[0].mean, _digits(column))
            text = f"{plain.split(' ±')[0]} ± {deviation} ({rest}"
        cells.append(text)
    return "; ".join(cells) or NOT_MEASURED
