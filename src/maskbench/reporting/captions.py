"""Captions of tables and figures in Snakemake's report, from their records."""

from __future__ import annotations

from pathlib import Path

from maskbench.reporting.papers import Paper, papers
from maskbench.reporting.papers.figures import Figure
from maskbench.reporting.papers.tables import Table

SPECIAL = ("\\", "*", "`", "|", "_")  # mean something in reStructuredText


def write_captions(folder: Path) -> None:
    """Write ``{name}.rst`` of every table and figure of the papers."""
    folder.mkdir(parents=True, exist_ok=True)
    for paper in papers().values():
        records: dict[str, Table | Figure] = {**paper.tables, **paper.figures}
        for name, record in records.items():
            (folder / f"{name}.rst").write_text(caption(paper, record) + "\n", "utf-8")


def caption(paper: Paper, record: Table | Figure) -> str:
    """One paragraph: the title, and what the record says of it."""
    parts = [record.title]
    if isinstance(record, Figure):
        parts.append(record.caption)
    elif record.number:
        parts.append(f"Beside {record.number} of {paper.paper}")
    text = " ".join(part if part.endswith(".") else f"{part}." for part in parts)
    for sign in SPECIAL:
        text = text.replace(sign, f"\\{sign}")
    return text
