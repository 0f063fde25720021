"""Tables that set a paper's printed numbers beside the measured ones.

What the papers print stands in ``reported.yaml``; a table there needs no code. Every row says the
pictures and the networks behind the measured numbers, and in what they differ from the paper's.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from maskbench.reporting.aggregate import Result, measured, over_seeds
from maskbench.reporting.names import method_order, method_title, metric
from maskbench.reporting.table_text import NOT_MEASURED, Block, Text

INTERVALS = (
    "Measured: mean ± standard deviation over seeds (number of seeds) [95% bootstrap interval over "
    "pictures, the widest that the seeds' intervals span]"
)
TRAINED_ON_THEM = "training of the methods"
"""Differs wherever pictures do: here methods learn from this run's."""
TIDY = (
    "paper_row", "method", "title", "metric", "variant", "reported", "reported_backbone",
    "reported_pictures", "mean", "sd", "seeds", "ci_low", "ci_high", "n", "backbone", "dataset",
    "split", "crop", "differs_in", "note",
)  # fmt: skip


@cache
def reported() -> dict[str, dict[str, Any]]:
    """``reported.yaml``: table name -> what the paper prints."""
    text = resources.files("maskbench.reporting").joinpath("reported.yaml").read_text("utf-8")
    tables: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return tables


def build(name: str, measurements: pd.DataFrame) -> tuple[pd.DataFrame, Text]:
    """The table ``name`` of ``reported.yaml``: (one row a number for CSV, the printed table).

    Methods of the paper that were not measured keep their row with an empty measured cell;
    measured methods that the paper does not have get a row with an empty reported cell.
    """
    spec = reported()[name]
    results = [
        result
        for result in over_seeds(measurements[measurements["stage"] == "synthesis"])
        if result.variant == "" and result.metric in spec["metrics"]
    ]
    tidy: list[dict[str, Any]] = []
    rows: list[list[str]] = []
    of_method = {row["method"]: label for label, row in spec["rows"].items()}
    others = method_order({result.method for result in results} - set(of_method))
    for method in [*of_method, *others]:
        label = of_method.get(method, "")
        mine = [result for result in results if result.method == method]
        places: list[Any] = sorted({(r.dataset, r.split, r.crop) for r in mine}) or [None]
        for place in places:
            here = [r for r in mine if (r.dataset, r.split, r.crop) == place]
            entries = _entries(spec, label, method, here)
            tidy += entries
            rows.append(_row(spec, label, method, entries))
    text = Text(name, f"{spec['title']}: {spec['paper']}", _head(spec), [Block("", rows)])
    text.notes = [INTERVALS, f"Reported: {spec['paper']}; pictures there: {spec['pictures']}"]
    text.notes += [
        f"{metric(key).title}, network in the paper: {network}"
        for key, network in spec["backbones"].items()
        if network != "none"
    ]
    if "reference" in spec:
        text.notes.append(spec["reference"])
    if "human" in spec:
        text.notes.append(f"{spec['human']['title']}: {spec['human']['note']}")
    return pd.DataFrame(tidy, columns=list(TIDY)), text


def _entries(
    spec: dict[str, Any], label: str, method: str, results: list[Result]
) -> list[dict[str, Any]]:
    printed = spec["rows"].get(label, {})
    base = {"paper_row": label, "method": method, "title": method_title(method), "variant": ""}
    entries = []
    for key in spec["metrics"]:
        here: list[Result | None] = [result for result in results if result.metric == key]
        for result in here or [None]:
            entry = base | {"metric": key, "reported": printed.get(key)}
            if label:
                entry["reported_backbone"] = spec["backbones"][key]
                entry["reported_pictures"] = spec["pictures"]
            if result is not None:
                entry |= {name: getattr(result, name) for name in TIDY if hasattr(result, name)}
                entry["result"] = result
                if label and result.mean is not None:
                    entry["differs_in"] = "; ".join(_differences(spec, result))
            entries.append(entry)
    if "human" in spec and label:
        human = spec["human"]
        key = human["key"]
        entries.append(base | {"metric": key, "reported": printed[key], "note": human["note"]})
    return entries


def _differences(spec: dict[str, Any], result: Result) -> list[str]:
    """In what a measured number is not comparable with the printed one."""
    # None of the papers' sets of pictures was published.
    differences = ["pictures", TRAINED_ON_THEM]
    network = spec["backbones"][result.metric]
    same = spec.get("same_backbone", {}).get(result.metric, [])
    if result.backbone not in (network, *same):
        differences.append(f"{metric(result.metric).title} network")
    return [*differences, *named_differences(spec, result.metric)]


def named_differences(given: dict[str, Any], key: str) -> list[str]:
    """What ``differs`` of a table or of a row of ``reported.yaml`` says of a metric."""
    differs: dict[str, list[str]] = given.get("differs", {})
    return [*differs.get("every", []), *differs.get(key, [])]


def _head(spec: dict[str, Any]) -> list[str]:
    head = ["Paper's row", "Method"]
    for key in spec["metrics"]:
        title = metric(key).title + metric(key).arrow
        head += [f"{title} reported", f"{title} measured"]
        if spec["backbones"][key] != "none":
            head.append(f"{metric(key).title} network, measured")
    if "human" in spec:
        head.append(f"{spec['human']['title']} reported")
    return [*head, "Measured on", "Differs from the paper in"]


def _row(spec: dict[str, Any], label: str, method: str, entries: list[dict[str, Any]]) -> list[str]:
    cells = [label, method_title(method)]
    for key in spec["metrics"]:
        mine = [entry for entry in entries if entry["metric"] == key]
        printed = mine[0]["reported"]
        cells.append("" if printed is None else f"{printed:.{metric(key).digits}f}")
        results = [entry["result"] for entry in mine if "result" in entry]
        cells.append("; ".join(measured(r, metric(key).digits) for r in results) or NOT_MEASURED)
        if spec["backbones"][key] != "none":
            cells.append("; ".join(result.backbone for result in results))
    if "human" in spec:
        shown = [e["reported"] for e in entries if e["metric"] == spec["human"]["key"]]
        cells.append(f"{shown[0]:g}" if shown else "")
    found = [entry["result"] for entry in entries if "result" in entry]
    where = dict.fromkeys(f"{r.dataset} {r.split}, {r.n} pictures, {r.crop}" for r in found)
    differs = dict.fromkeys(
        part for entry in entries for part in entry.get("differs_in", "").split("; ") if part
    )
    notes = dict.fromkeys(
        result.note for result in found if result.note and result.mean is not None
    )
    return [*cells, "; ".join(where), "; ".join([*differs, *notes])]
