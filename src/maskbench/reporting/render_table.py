"""A table's page as Markdown, HTML and LaTeX, written by pandas (Styler, tabulate)."""

from __future__ import annotations

import html
import re

import pandas as pd
import tabulate
from pandas.io.formats.style import Styler

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
th, td { padding: .2rem .6rem; text-align: left; vertical-align: top; }
th { border-bottom: 1px solid; vertical-align: bottom; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tbody tr:nth-child(even) { background: #f5f5f5; }
small { color: #666; } small.interval { display: block; line-height: 1.1; }
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
        parts += [_pipes(grid, section.intervals) for grid in section.grids]
        if section.footnotes:
            parts.append(
                "  \n".join(f"{superscript(i)} {_plain(n)}" for i, n in _numbered(section))
            )
    parts.append("\n".join(f"- {_plain(note)}" for note in _notes(page)))
    return "\n\n".join(parts) + "\n"


def _pipes(grid: Grid, intervals: Intervals) -> str:
    rows = [[_plain(text) for text in row] for row in _lines(grid, intervals)]
    frame = pd.DataFrame(rows, columns=_heads(grid))
    align = ["left" if i < grid.names else "right" for i in range(len(grid.head))]
    head = [_plain(text) for text in grid.head]
    text: str = frame.to_markdown(
        index=False, headers=head, colalign=align, disable_numparse=True, tablefmt="pipe"
    )
    return text


def to_html(page: Page) -> str:
    """A page that stands alone; intervals stand below their numbers."""
    parts = [f"<h1>{html.escape(page.title)}</h1>"]
    for section in page.sections:
        parts.append("<section>")
        if section.heading:
            parts.append(f"<h2>{html.escape(_capital(section.heading))}</h2>")
        if section.caption:
            parts.append(f"<p>{html.escape(_sentences(section.caption))}</p>")
        parts += [f'<div class="wide">{_html_grid(grid)}</div>' for grid in section.grids]
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
        interval = html.escape(text.interval)
        below = f'<small class="interval">{interval}</small>' if interval else ""
        return html.escape(text.value) + below

    rows = [[cell(text) for text in row] for row in grid.rows]
    styler = _styler(pd.DataFrame(rows, columns=_heads(grid)), grid)
    styler.format_index(dict(enumerate(map(html.escape, grid.head))).get, axis=1)
    kinds = [["" if i < grid.names else "number" for i in range(len(grid.head))]] * len(rows)
    styler.set_td_classes(pd.DataFrame(kinds, columns=_heads(grid)))
    text: str = styler.to_html(exclude_styles=True)
    return _plain_html(text, grid.names)


def _plain_html(text: str, names: int) -> str:
    """Styler's table without classes that say row and column; headings of numbers keep one."""

    def attributes(match: re.Match[str]) -> str:
        column = re.search(r"\bcol(\d+)\b", match[2])
        number = column is not None and int(column[1]) >= names
        return f'<{match[1]} class="number"' if number else f"<{match[1]}"

    text = re.sub(r'<(t[hd])(?: id="\w+")? class="([^"]*)"', attributes, text)
    return text.strip()


def to_latex(page: Page) -> str:
    """A ``table`` of booktabs rules for each grid."""
    tables = []
    for s, section in enumerate(page.sections):
        for g, grid in enumerate(section.grids):
            title = page.title + (f": {section.heading}" if section.heading else "")
            caption = _sentences([title, *(section.caption if g == 0 else ("continued",))])
            tables.append(_latex_grid(page, section, grid, caption, f"tab:{page.name}-{s}-{g}"))
    notes = "\n".join(f"% {note}" for note in _notes(page))
    return f"% \\usepackage{{booktabs}}\n{notes}\n" + "\n".join(tables)


def _latex_grid(page: Page, section: Section, grid: Grid, caption: str, label: str) -> str:
    rows = [[_signs(_escaped(text)) for text in row] for row in _lines(grid, section.intervals)]
    styler = _styler(pd.DataFrame(rows, columns=_heads(grid)), grid)
    heads = [_signs(_escaped(text)) for text in grid.head]
    styler.format_index(dict(enumerate(heads)).get, axis=1)
    columns = "l" * grid.names + "r" * (len(grid.head) - grid.names)
    text: str = styler.to_latex(
        hrules=True,
        column_format=columns,
        position="htbp",
        position_float="centering",
        caption=_signs(_escaped(caption)),
        label=label,
    )
    notes = " ".join(f"{superscript(i)} {note}." for i, note in _numbered(section))
    below = f"\n\\par\\footnotesize {_signs(_escaped(notes))}" if notes else ""
    return text.replace("\\end{tabular}", "\\end{tabular}" + below)


def _styler(frame: pd.DataFrame, grid: Grid) -> Styler:
    return Styler(frame).hide(axis="index")


def _heads(grid: Grid) -> list[int]:
    """Styler and pandas want headings that differ; the real ones are put in when rendering."""
    return list(range(len(grid.head)))


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


def _escaped(text: str) -> str:
    for sign, written in (
        ("\\", "\0"), ("{", r"\{"), ("}", r"\}"), ("\0", r"\textbackslash{}"),
        *((sign, "\\" + sign) for sign in "&%$#_"),
        ("~", r"\textasciitilde{}"), ("^", r"\textasciicircum{}"),
        ("<", r"\textless{}"), (">", r"\textgreater{}"),
    ):  # fmt: skip
        text = text.replace(sign, written)
    return text


def _signs(text: str) -> str:
    return "".join(_SIGNS.get(sign, sign) for sign in text)
