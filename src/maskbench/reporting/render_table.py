"""A table's page as Markdown, HTML and LaTeX; the tables themselves are written by tabulate."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import tabulate

from maskbench.reporting.remarks import superscript
from maskbench.reporting.table_page import MISSING, Grid, Intervals, Page, Section, Text

ARROWS = "↑ higher is better, ↓ lower is better"
tabulate.MIN_PADDING = 0  # else every heading is two blanks wider than it is
_SIGNS = {
    "±": r"$\pm$", "−": r"$-$", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "σ": r"$\sigma$",
    "λ": r"$\lambda$", "–": "--", "×": r"$\times$",
    **{sign: rf"\textsuperscript{{{value}}}" for value, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}  # fmt: skip
_CSS = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; margin: 1.5rem auto;
  max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.25rem; } h2 { font-size: 1rem; margin: 1.8rem 0 .2rem; }
p { margin: .2rem 0 .6rem; color: #444; }
.wide { overflow-x: auto; margin-bottom: .8rem; }
table { border-collapse: collapse; border-top: 1.5px solid; border-bottom: 1.5px solid; }
th, td { padding: .2rem .6rem; vertical-align: top; font-variant-numeric: tabular-nums; }
th { border-bottom: 1px solid; vertical-align: bottom; text-align: left; }
td[style*=right] { white-space: nowrap; }
tbody tr:nth-child(even) { background: #f5f5f5; }
small { color: #666; display: block; line-height: 1.1; white-space: nowrap; }
ol, ul { padding-left: 1.4rem; color: #444; margin: .2rem 0; font-size: .9em; }
@media print { body { font-size: 9px; margin: 0; } section { break-inside: avoid; } }
"""


def to_markdown(page: Page) -> str:
    """A pipe table for each grid, below its caption."""
    parts = [f"# {_plain(page.title)}"]
    for section in page.sections:
        if section.heading:
            parts.append(f"## {_plain(_capital(section.heading))}")
        if section.caption:
            parts.append(_plain(_sentences(section.caption)))
        parts += [_table(g, _lines(g, section.intervals), "pipe", _plain) for g in section.grids]
        if section.footnotes:
            parts.append(
                "  \n".join(f"{superscript(i)} {_plain(n)}" for i, n in _numbered(section))
            )
    parts.append("\n".join(f"- {_plain(note)}" for note in _notes(page)))
    return "\n\n".join(parts) + "\n"


def to_html(page: Page) -> str:
    """A page that stands alone; intervals stand below their numbers."""
    parts = [f"<h1>{html.escape(page.title)}</h1>"]
    for section in page.sections:
        parts.append("<section>")
        if section.heading:
            parts.append(f"<h2>{html.escape(_capital(section.heading))}</h2>")
        if section.caption:
            parts.append(f"<p>{html.escape(_sentences(section.caption))}</p>")
        parts += [f'<div class="wide">{_html_grid(grid)}</div>' for grid in section.stacked]
        if section.footnotes:
            notes = "\n".join(f"<li>{html.escape(note)}</li>" for note in section.footnotes)
            parts.append(f"<ol>\n{notes}\n</ol>")
        parts.append("</section>")
    notes = "\n".join(f"<li>{html.escape(note)}</li>" for note in _notes(page))
    parts.append(f"<ul>\n{notes}\n</ul>")
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(page.title)}</title>\n<style>{_CSS}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _html_grid(grid: Grid) -> str:
    def cell(text: Text) -> str:
        below = f"<small>{html.escape(text.interval)}</small>" if text.interval else ""
        return html.escape(text.value) + below

    rows = [[cell(text) for text in row] for row in grid.rows]
    return _table(grid, rows, "unsafehtml", html.escape, str)


def to_latex(page: Page) -> str:
    """A ``table`` of booktabs rules for each grid."""
    tables = []
    for s, section in enumerate(page.sections):
        for g, grid in enumerate(section.grids):
            title = page.title + (f": {section.heading}" if section.heading else "")
            caption = _sentences([title, *(section.caption if g == 0 else ("continued",))])
            tables.append(_latex_grid(section, grid, caption, f"tab:{page.name}-{s}-{g}"))
    notes = "\n".join(f"% {note}" for note in _notes(page))
    return f"% \\usepackage{{booktabs}}\n{notes}\n" + "\n".join(tables) + "\n"


def _latex_grid(section: Section, grid: Grid, caption: str, label: str) -> str:
    notes = " ".join(f"{superscript(i)} {note}." for i, note in _numbered(section))
    lines = [
        "\\begin{table}[htbp]",
        "\\centering",
        f"\\caption{{{_latex(caption)}}}",
        f"\\label{{{label}}}",
        _signs(_table(grid, _lines(grid, section.intervals), "latex_booktabs")),
        *([f"\\par\\footnotesize {_latex(notes)}"] if notes else []),
        "\\end{table}",
    ]
    return "\n".join(lines)


def _table(
    grid: Grid,
    rows: list[list[str]],
    form: str,
    head: Callable[[str], str] = str,
    cell: Callable[[str], str] | None = None,
) -> str:
    """Words to the left, numbers to the right; ``head`` and ``cell`` escape what tabulate does
    not."""
    align = ["left" if i < grid.names else "right" for i in range(len(grid.head))]
    text: str = tabulate.tabulate(
        [[(cell or head)(text) for text in row] for row in rows],
        [head(text) for text in grid.head],
        tablefmt=form,
        colalign=align if rows else None,
        disable_numparse=True,
    )
    return text


def _lines(grid: Grid, intervals: Intervals) -> list[list[str]]:
    """Rows of text; intervals behind their numbers, or on a line of their own, or left out."""
    lines = []
    for row in grid.rows:
        inline = intervals == "inline"
        lines.append([" ".join(filter(None, (t.value, t.interval * inline))) for t in row])
        if intervals == "below" and any(text.interval for text in row):
            lines.append([text.interval for text in row])
    return lines


def _notes(page: Page) -> list[str]:
    heads = [head for section in page.sections for grid in section.grids for head in grid.head]
    arrows = any(sign in head for head in heads for sign in "↑↓")
    missing = any(
        text.value.startswith(MISSING)
        for section in page.sections
        for grid in section.grids
        for row in grid.rows
        for text in row
    )
    notes = list(page.notes) + [ARROWS] * arrows
    return notes + [f"{MISSING} not measured, for the reason in the footnote"] * missing


def _numbered(section: Section) -> list[tuple[int, str]]:
    return list(enumerate(section.footnotes, 1))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentences(texts: list[str] | tuple[str, ...]) -> str:
    """Each text as a sentence."""
    return " ".join(f"{_capital(text).rstrip('.')}." for text in texts)


def _plain(text: str) -> str:
    """Text that Markdown does not take for formatting."""
    text = text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("*", "\\*")
    return re.sub(r"(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])", lambda found: f"\\{found[0]}", text)


def _latex(text: str) -> str:
    """Running text that LaTeX prints as it is written."""
    return _signs("".join(tabulate.LATEX_ESCAPE_RULES.get(sign, sign) for sign in text))


def _signs(text: str) -> str:
    return "".join(_SIGNS.get(sign, sign) for sign in text)
