"""Every measured quantity of recognition and of mask removal, by data set and protocol.

Rows are recognisers with their training sets, or restorers; columns are metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from maskbench.reporting.absent import with_absent
from maskbench.reporting.aggregate import Result, measured, over_seeds
from maskbench.reporting.names import (
    in_order,
    method_title,
    metric,
    metric_order,
    variant_order,
    variant_title,
)
from maskbench.reporting.recognition_names import (
    protocol_order,
    protocol_title,
    recogniser_order,
    recogniser_title,
    split_variant,
    training_set_order,
    training_set_title,
)
from maskbench.reporting.recognition_paper_table import INTERVALS, TIDY, Place, counted
from maskbench.reporting.table_text import NOT_MEASURED, Block, Text

NOTHING = "Nothing of this kind was measured in this run"


@dataclass(frozen=True)
class _Table:
    """A table: its stage, title, columns (metrics; None: all there are) and notes."""

    stage: str
    title: str
    columns: tuple[str, ...] | None
    notes: tuple[str, ...] = ()


TABLES: dict[str, _Table] = {
    "recognition": _Table(
        "recognition",
        "Recognition of faces with masks: verification and identification",
        (
            "accuracy",
            "accuracy_best_threshold",
            "auc",
            "eer",
            "tar_at_far_1e-2",
            "tar_at_far_1e-3",
            "tar_at_far_1e-4",
            "rank_1",
            "rank_5",
            "undetected",
        ),
        (
            "Accuracy: ten folds of people, the threshold chosen on the others; at the best "
            "threshold for these very pairs it is an upper bound",
            "Rank 1 and 5: bare gallery, masked probes",
        ),
    ),
    "recognition_thresholds": _Table(
        "recognition",
        "Scores, and thresholds that were set on bare pairs",
        (
            "genuine_mean",
            "impostor_mean",
            "fdr",
            "fmr100_fmr",
            "fmr100_fnmr",
            "fmr1000_fmr",
            "fmr1000_fnmr",
        ),
        (
            "FMR100 and FMR1000: the thresholds that falsely match 1% and 0.1% of bare impostor "
            "pairs, applied to the pairs of each block",
            "FDR: squared difference of the means over the sum of the variances",
        ),
    ),
    "mask_removal": _Table("restoration", "Mask segmentation and mask removal", None),
}


def build(name: str, measurements: pd.DataFrame) -> tuple[pd.DataFrame, Text]:
    """The table ``name``: (one row a number for CSV, the printed table).

    Columns without any number are left out; a run without such measurements has no rows and says
    so.
    """
    table = TABLES[name]
    results = over_seeds(measurements[measurements["stage"] == table.stage])
    if table.stage == "recognition":
        results = with_absent(results)
    results = [r for r in results if table.columns is None or r.metric in table.columns]
    there = {result.metric for result in results}
    columns = metric_order(there) if table.columns is None else in_order(there, table.columns)
    first = (
        ["Method", "Measured on"] if table.stage == "restoration" else ["Recogniser", "Learnt from"]
    )
    head = [*first, *(metric(key).title + metric(key).arrow for key in columns)]
    blocks = []
    tidy: list[dict[str, Any]] = []
    for place in sorted({(r.dataset, r.split, r.crop) for r in results}):
        here = [r for r in results if (r.dataset, r.split, r.crop) == place]
        for protocol in protocol_order({_parts(r)[1] for r in here}):
            mine = [r for r in here if _parts(r)[1] == protocol]
            blocks.append(_block(mine, columns, place, protocol, table.stage))
            order = {key: index for index, key in enumerate(columns)}
            tidy += [
                _tidy(r) for row in _rows(mine) for r in sorted(row, key=lambda r: order[r.metric])
            ]
    text = Text(name, table.title, [*head, "Network", "Behind it", "Remarks"], blocks)
    text.notes = [INTERVALS, "↑ higher is better, ↓ lower is better", *table.notes]
    if not blocks:
        text.lead = NOTHING
    return pd.DataFrame(tidy, columns=list(TIDY)), text


def _parts(result: Result) -> tuple[str, str]:
    """(training set, protocol); mask removal has one block, its variants stand in the rows."""
    return ("", "") if result.stage == "restoration" else split_variant(result.variant)


def _rows(results: list[Result]) -> list[list[Result]]:
    """The results of each printed row, in order: training sets of a recogniser stay together."""
    rows: dict[tuple[str, str, str], list[Result]] = {}
    for r in results:
        restored = r.stage == "restoration"  # its networks differ by metric
        key = (r.method, r.variant, "") if restored else (r.method, _parts(r)[0], r.backbone)
        rows.setdefault(key, []).append(r)
    methods = recogniser_order({method for method, _, _ in rows})
    restoration = any(r.stage == "restoration" for r in results)
    order = variant_order if restoration else training_set_order
    sets = order({each for _, each, _ in rows})
    return [
        rows[key]
        for method in methods
        for each in sets
        for key in sorted(rows)
        if key[:2] == (method, each)
    ]


def _block(
    results: list[Result], columns: list[str], place: Place, protocol: str, stage: str
) -> Block:
    dataset, split, crop = place
    rows = []
    for row in _rows(results):
        of = {result.metric: result for result in row}
        first = row[0]
        if stage == "restoration":
            cells = [method_title(first.method), variant_title(first.variant)]
        else:
            cells = [recogniser_title(first.method), training_set_title(_parts(first)[0])]
        for key in columns:
            result = of.get(key)
            empty = "" if result is None else NOT_MEASURED
            shown = result is not None and result.mean is not None
            cells.append(measured(result, metric(key).digits) if shown and result else empty)
        rows.append([*cells, _networks(row), ", ".join(counted(row)), _remarks(row)])
    words = protocol_title(protocol)
    where = f"{dataset} {split}, {crop}"
    heading = f"{words[:1].upper()}{words[1:]} ({where})" if stage == "recognition" else where
    return Block(heading, rows)


def _networks(row: list[Result]) -> str:
    """The row's network; those of single metrics with the metric's name."""
    networks = {r.backbone for r in row} - {"none"}
    if len(networks) == 1 and all(r.backbone != "none" for r in row):
        return networks.pop()
    return "; ".join(f"{metric(r.metric).title}: {r.backbone}" for r in row if r.backbone != "none")


def _remarks(row: list[Result]) -> str:
    """Notes; with the metric's name where a note does not hold for the whole row."""
    notes = {r.note for r in row}
    if len(notes) == 1:
        return notes.pop()
    return "; ".join(dict.fromkeys(f"{metric(r.metric).title}: {r.note}" for r in row if r.note))


def _tidy(result: Result) -> dict[str, Any]:
    row = {name: getattr(result, name) for name in TIDY if hasattr(result, name)}
    training_set, protocol = _parts(result)
    if result.stage == "restoration":
        protocol = result.variant
        return row | {"title": method_title(result.method), "protocol": protocol}
    words = recogniser_title(result.method)
    return row | {"title": words, "training_set": training_set, "protocol": protocol}
