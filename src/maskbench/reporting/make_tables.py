"""The step ``make_tables``: every table of the papers' files, as CSV, Markdown, HTML and LaTeX."""

from __future__ import annotations

from pathlib import Path

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.measurements import read_measurements
from maskbench.reporting.aggregate import over_seeds
from maskbench.reporting.papers import papers
from maskbench.reporting.render_table import to_html, to_latex, to_markdown
from maskbench.reporting.table_page import build
from maskbench.reporting.table_rows import select, tidy


def make_tables(measurements: Path, out: Path) -> None:
    """Write ``{table}.csv`` (a row a number), ``.md``, ``.html`` and ``.tex`` of every table.

    Args:
        measurements: ``measurements.csv``.
        out: folder to make.

    Raises:
        MaskbenchError: the measurements cannot be read or there are none.
    """
    frame = read_measurements(measurements)
    if len(frame) == 0:
        raise MaskbenchError(measurements, "holds no measurement", "run an evaluation first")
    results = over_seeds(frame)
    with atomic_dir(Path(out)) as tmp:
        for paper in papers().values():
            for name, table in paper.tables.items():
                parts = select(table, results)
                tidy(table, parts).to_csv(
                    tmp / f"{name}.csv", index=False, float_format="%.8g", lineterminator="\n"
                )
                page = build(name, table, paper, parts)
                for ending, render in (("md", to_markdown), ("html", to_html), ("tex", to_latex)):
                    (tmp / f"{name}.{ending}").write_text(render(page), encoding="utf-8")
