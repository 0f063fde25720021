"""Every measured quantity of mask synthesis: rows are metrics, columns methods."""

from __future__ import annotations

from typing import Any

import pandas as pd

from maskbench.reporting.aggregate import Result, measured, over_seeds
from maskbench.reporting.names import (
    method_order,
    method_title,
    metric,
    metric_order,
    variant_order,
    variant_title,
)
from maskbench.reporting.paper_table import INTERVALS, TIDY
from maskbench.reporting.table_text import Block, Text

REFERENCE = "keypoint"
EMPTY = (
    "Empty cells: a metric that compares with the key-point overlay of the same face and style has "
    "no value for the overlay itself"
)


def build(name: str, measurements: pd.DataFrame) -> tuple[pd.DataFrame, Text]:
    """A block for each data set, split and variant; each row names its network and pictures."""
    results = over_seeds(measurements[measurements["stage"] == "synthesis"])
    methods = method_order({result.method for result in results})
    head = ["Metric", "Network", "Data set", "Pictures", *(method_title(m) for m in methods)]
    blocks = []
    tidy: list[dict[str, Any]] = []
    places = sorted({(r.dataset, r.split, r.crop) for r in results})
    for place in places:
        here = [r for r in results if (r.dataset, r.split, r.crop) == place]
        for variant in variant_order({r.variant for r in here}):
            of_variant = [r for r in here if r.variant == variant]
            blocks.append(_block(of_variant, methods, place, variant))
            tidy += [_tidy(r) for m in methods for r in _sorted(of_variant) if r.method == m]
    text = Text(name, "Quality of mask synthesis", head, blocks)
    text.notes = [INTERVALS, "↑ higher is better, ↓ lower is better"]
    if REFERENCE in methods:
        column = head.index(method_title(REFERENCE))
        if not all(row[column] for block in blocks for row in block.rows):
            text.notes.append(EMPTY)
    text.notes += list(
        dict.fromkeys(f"{metric(r.metric).title}: {r.note}" for r in _noted(results))
    )
    return pd.DataFrame(tidy, columns=list(TIDY)), text


def _block(
    results: list[Result], methods: list[str], place: tuple[str, str, str], variant: str
) -> Block:
    dataset, split, crop = place
    rows = []
    for key in metric_order({r.metric for r in results}):
        shown = metric(key)
        for network in sorted({r.backbone for r in results if r.metric == key}):
            found = {r.method: r for r in results if r.metric == key and r.backbone == network}
            counts = sorted({r.n for r in found.values()})
            pictures = "–".join(str(n) for n in dict.fromkeys((counts[0], counts[-1])))
            cells = [measured(found[m], shown.digits) if m in found else "" for m in methods]
            title = shown.title + shown.arrow
            rows.append([title, network, f"{dataset} {split}", pictures, *cells])
    return Block(f"{variant_title(variant).capitalize()} ({dataset} {split}, {crop})", rows)


def _sorted(results: list[Result]) -> list[Result]:
    order = {key: i for i, key in enumerate(metric_order({r.metric for r in results}))}
    return sorted(results, key=lambda r: (order[r.metric], r.backbone))


def _noted(results: list[Result]) -> list[Result]:
    return [result for result in _sorted(results) if result.note and result.mean is not None]


def _tidy(result: Result) -> dict[str, Any]:
    row = {name: getattr(result, name) for name in TIDY if hasattr(result, name)}
    return row | {"paper_row": "", "title": method_title(result.method)}
