"""Print one table from ``measurements.csv`` alone, as CSV, Markdown, HTML and LaTeX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maskbench.artifacts import atomic_file
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.measurements import read_measurements
from maskbench.reporting import (
    paper_table,
    quality_table,
    recognition_paper_table,
    recognition_table,
)
from maskbench.reporting.table_text import to_html, to_latex, to_markdown

QUALITY = "synthesis_quality"


def table_names() -> tuple[str, ...]:
    """The tables that can be made, sorted."""
    return tuple(sorted([*paper_table.reported(), QUALITY, *recognition_table.TABLES]))


def make_table(name: str, measurements: Path, out: Path) -> None:
    """Write ``{name}.csv`` (a row a number), ``{name}.md``, ``.html`` and ``.tex``.

    Args:
        name: one of :func:`table_names`.
        measurements: ``measurements.csv``.
        out: the folder for the four files.

    Raises:
        MaskbenchError: unknown table, or no measurements.
    """
    if name not in table_names():
        raise unknown_name("table", "table", name, table_names())
    frame = read_measurements(measurements)
    if len(frame) == 0:
        raise MaskbenchError(measurements, "holds no measurement", "evaluate a method first")
    tidy, text = _module(name).build(name, frame)
    with atomic_file(Path(out) / f"{name}.csv") as tmp:
        tidy.to_csv(tmp, index=False, float_format="%.8g", lineterminator="\n")
    for ending, render in (("md", to_markdown), ("html", to_html), ("tex", to_latex)):
        with atomic_file(Path(out) / f"{name}.{ending}") as tmp:
            tmp.write_text(render(text), encoding="utf-8")


def _module(name: str) -> Any:
    """The module that builds a table."""
    if name == QUALITY:
        return quality_table
    if name in recognition_table.TABLES:
        return recognition_table
    recognition = paper_table.reported()[name].get("stage") == "recognition"
    return recognition_paper_table if recognition else paper_table
