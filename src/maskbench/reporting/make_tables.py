"""The step ``make_tables``: every table of the papers' files, as CSV, Markdown, HTML and LaTeX."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.measurements import read_measurements
from maskbench.reporting import names
from maskbench.reporting.aggregate import over_seeds
from maskbench.reporting.pages import render
from maskbench.reporting.papers import papers
from maskbench.reporting.table_page import build
from maskbench.reporting.table_rows import CSV, Cell, numbers


def make_tables(measurements: Path, out: Path, origins: Mapping[str, str] | None = None) -> None:
    """Write ``{table}.csv`` (a row a number), ``.md``, ``.html`` and ``.tex`` of every table.

    Args:
        measurements: ``measurements.csv``.
        out: folder to make.
        origins: of this run's blocks (:func:`maskbench.reporting.names.origins`).

    Raises:
        MaskbenchError: the measurements cannot be read or there are none.
    """
    names.know(origins)
    frame = read_measurements(measurements)
    if len(frame) == 0:
        raise MaskbenchError(measurements, "holds no measurement", "run an evaluation first")
    results = over_seeds(frame).astype(object).to_dict("records")
    with atomic_dir(Path(out)) as tmp:
        for paper in papers().values():
            for name, table in paper.tables.items():
                found = numbers(table, results)
                _write_csv(tmp / f"{name}.csv", found)
                page = build(name, table, paper, found)
                for kind in ("md", "html", "tex"):
                    text = render(f"table.{kind}", page=page)
                    (tmp / f"{name}.{kind}").write_text(text, encoding="utf-8")


def _write_csv(path: Path, cells: Sequence[Cell]) -> None:
    def shown(value: object) -> object:
        return value if not isinstance(value, float) else "" if isnan(value) else f"{value:.8g}"

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV)
        writer.writerows([shown(getattr(cell, name)) for name in CSV] for cell in cells)
