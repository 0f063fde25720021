"""One table as Markdown, HTML and LaTeX."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

NOT_MEASURED = "not measured"

LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "−": r"$-$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "°": r"$^{\circ}$",
    "–": "--",
    "σ": r"$\sigma$",
    "λ": r"$\lambda$",
}


@dataclass
class Block:
    """Rows below one sub-heading ("" for none)."""

    heading: str
    rows: list[list[str]]


@dataclass
class Text:
    """A table to be printed.

    Attributes:
        name: file name without ending; LaTeX's label.
        title: one line.
        head: column headings.
        blocks: the rows.
        notes: sentences below the table; LaTeX's caption carries them.
        lead: a sentence above the table.
        marks: cells that stand out in HTML, text -> colour.
    """

    name: str
    title: str
    head: list[str]
    blocks: list[Block]
    notes: list[str] = field(default_factory=list)
    lead: str = ""
    marks: dict[str, str] = field(default_factory=dict)


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it is written."""
    return re.sub("|".join(re.escape(sign) for sign in LATEX), lambda match: LATEX[match[0]], text)


def escape_markdown(text: str) -> str:
    """Text that stays in one cell and is not taken for formatting."""
    text = text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
    return text.replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")


def _numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell and cell != NOT_MEASURED]
    return bool(filled) and all(re.match(r"[−\d]", cell) for cell in filled)


def to_markdown(table: Text) -> str:
    """A pipe table for each block."""
    parts = [f"# {escape_markdown(table.title)}"]
    if table.lead:
        parts.append(escape_markdown(table.lead))
    for block in table.blocks:
        if block.heading:
            parts.append(f"## {escape_markdown(block.heading)}")
        columns = list(zip(*block.rows, strict=True)) or [()] * len(table.head)
        rule = ["---:" if _numeric(cells) else "---" for cells in columns]
        lines = [table.head, rule, *block.rows]
        cells = [
            [c if i == 1 else escape_markdown(c) for c in line] for i, line in enumerate(lines)
        ]
        parts.append("\n".join("| " + " | ".join(line) + " |" for line in cells))
    if table.notes:
        parts.append("\n".join(f"- {escape_markdown(note)}" for note in table.notes))
    return "\n\n".join(parts) + "\n"


_CSS = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; margin: 1.5rem; }
h1 { font-size: 1.25rem; } h2 { font-size: 1rem; margin-top: 1.6rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; border-top: 1.5px solid; border-bottom: 1.5px solid; }
th, td { padding: .3rem .7rem; text-align: left; vertical-align: top; }
th { border-bottom: 1px solid; vertical-align: bottom; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
tbody tr:nth-child(even) { background: #f5f5f5; }
ul { padding-left: 1.1rem; color: #555; }
"""


def to_html(table: Text) -> str:
    """A page that stands alone."""
    parts = [f"<h1>{html.escape(table.title)}</h1>"]
    if table.lead:
        parts.append(f"<p>{html.escape(table.lead)}</p>")
    for block in table.blocks:
        if block.heading:
            parts.append(f"<h2>{html.escape(block.heading)}</h2>")
        columns = list(zip(*block.rows, strict=True)) or [()] * len(table.head)
        numeric = [_numeric(cells) for cells in columns]
        head = _html_row("th", table.head, numeric, {})
        rows = "\n".join(_html_row("td", row, numeric, table.marks) for row in block.rows)
        body = f"<thead>\n{head}\n</thead>\n<tbody>\n{rows}\n</tbody>"
        parts.append(f'<div class="wide"><table>\n{body}\n</table></div>')
    if table.notes:
        notes = "\n".join(f"<li>{html.escape(note)}</li>" for note in table.notes)
        parts.append(f"<ul>\n{notes}\n</ul>")
    head = f'<meta charset="utf-8">\n<title>{html.escape(table.title)}</title>'
    page = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n<style>{_CSS}</style>\n</head>\n'
        f"<body>\n{page}\n</body>\n</html>\n"
    )


def _html_row(
    tag: str, cells: Sequence[str], numeric: Sequence[bool], marks: dict[str, str]
) -> str:
    parts = []
    for cell, number in zip(cells, numeric, strict=True):
        attributes = ' class="number"' if number else ""
        if cell in marks:
            attributes += f' style="color: {marks[cell]}; font-weight: 600"'
        text = html.escape(cell)
        if number and tag == "td":  # mean, seeds and interval: a line each
            text = text.replace(" (", "<br/>(").replace(" [", "<br/>[")
        parts.append(f"<{tag}{attributes}>{text}</{tag}>")
    return f"<tr>{''.join(parts)}</tr>"


def to_latex(table: Text) -> str:
    """A ``table*`` of booktabs rules, scaled to the text's width."""
    rows = [row for block in table.blocks for row in block.rows]
    columns = list(zip(*rows, strict=True)) or [()] * len(table.head)
    align = "".join("r" if _numeric(cells) else "l" for cells in columns)
    caption = ". ".join([table.title.rstrip("."), *(note.rstrip(".") for note in table.notes)])
    lines = [
        "% \\usepackage{booktabs,graphicx}",
        "\\begin{table*}",
        "\\centering",
        f"\\caption{{{escape_latex(caption)}.}}",
        f"\\label{{tab:{table.name}}}",
        "\\resizebox{\\textwidth}{!}{%",
        f"\\begin{{tabular}}{{{align}}}",
        "\\toprule",
        _latex_row(table.head),
    ]
    for block in table.blocks:
        lines.append("\\midrule")
        if block.heading:
            heading = escape_latex(block.heading)
            lines.append(f"\\multicolumn{{{len(table.head)}}}{{l}}{{\\textit{{{heading}}}}} \\\\")
        lines += [_latex_row(row) for row in block.rows]
    lines += ["\\bottomrule", "\\end{tabular}}", "\\end{table*}"]
    return "\n".join(lines) + "\n"


def _latex_row(cells: Sequence[str]) -> str:
    # An opening bracket after \\ would be read as that command's argument.
    text = " & ".join(escape_latex(cell) for cell in cells)
    return ("{}" if text.startswith("[") else "") + text + r" \\"
