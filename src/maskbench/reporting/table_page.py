"""A table as it is printed: sections with a caption, a grid of text and numbered footnotes.

The record of a table says where measured numbers stand (``layout``), and where text has their 95%
intervals. Text is at most :data:`WIDTH` characters wide, which is a page of A4 upright: what is
wider continues in a further grid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan

from maskbench.metrics.catalogue import metric
from maskbench.reporting.aggregate import interval, with_spread
from maskbench.reporting.names import condition_title, title_of
from maskbench.reporting.papers import Paper
from maskbench.reporting.papers.tables import Table
from maskbench.reporting.remarks import HEAD, LINE, Footnotes, Place, caption_of, remarks_of
from maskbench.reporting.table_rows import Cell

WIDTH = 112
MISSING = "–"
_HERE, _PAPER = "here", "paper"
Cells = Mapping[Place, Cell]


@dataclass(frozen=True)
class Text:
    """A cell: what stands in it, and its interval."""

    value: str = ""
    interval: str = ""


@dataclass(frozen=True)
class Grid:
    """Rows below headings; the first ``names`` columns are words, the others numbers."""

    head: list[str]
    rows: list[list[Text]]
    names: int


@dataclass(frozen=True)
class Section:
    """One part of a table.

    Attributes:
        caption: its sentences.
        grid: the whole of it.
        grids: the same lines of text, cut to :data:`WIDTH`.
    """

    heading: str
    caption: list[str]
    grid: Grid
    grids: list[Grid]
    footnotes: list[str]


@dataclass(frozen=True)
class Page:
    """A table."""

    name: str
    title: str
    sections: list[Section]
    notes: list[str]


def build(name: str, table: Table, paper: Paper, numbers: Sequence[Cell]) -> Page:
    """The page of a table, from all its numbers."""
    title = f"{table.title}: {paper.paper}, {table.number}" if table.number else table.title
    parts = itertools.groupby(numbers, key=lambda cell: cell.part)
    sections = [_section(table, list(part)) for _, part in parts]
    if not sections:
        return Page(name, title, [], ["Nothing of this kind was measured in this run"])
    notes = [f"The paper's pictures: {table.pictures}"] if table.pictures else []
    notes += table.notes
    if any(column.percent for column in table.columns):
        notes.append("Shares are shown in percent; the CSV file holds them from 0 to 1")
    shown = [table.columns[i] for i in sorted({cell.column for cell in numbers})]
    for words in [metric(column.metric) for column in shown if not column.title]:
        if words.short and words.short not in words.title:
            notes.append(f"{words.short}: {words.title}")
    heads = "".join(head for section in sections for head in section.grid.head)
    if "↑" in heads or "↓" in heads:
        notes.append("↑ higher is better, ↓ lower is better")
    texts = [t.value for s in sections for row in s.grid.rows for t in row]
    if any(text.startswith(MISSING) for text in texts):
        notes.append(f"{MISSING} not measured, for the reason in the footnote")
    return Page(name, title, sections, notes)


def _section(table: Table, numbers: Sequence[Cell]) -> Section:
    cells, spreads = (
        {
            (cell.line, cell.column): cell
            for cell in numbers
            if (cell.metric == table.columns[cell.column].metric) == own
        }
        for own in (True, False)
    )
    notes = Footnotes(remarks_of(table, list(cells.values())))
    names, shared = _names(table, cells.values())
    caption = caption_of(table, list(cells.values()), notes.shared)
    caption[1:1] = shared
    grid, groups = _grid(table, names, cells, spreads, notes)
    heading = ", ".join(condition_title(name, getattr(numbers[0], name)) for name in table.parts)
    return Section(heading, caption, grid, _cut(grid, groups, table.intervals), notes.texts)


def _names(table: Table, cells: Iterable[Cell]) -> tuple[dict[str, dict[int, str]], list[str]]:
    """Heading -> line -> our words for it. What all lines share is for the caption instead."""
    of_line = {cell.line: cell for cell in cells}
    first = "Recogniser" if table.where["step"] == "recognition" else "Method"
    names = {first: {line: cell.title for line, cell in of_line.items()}}
    sets = {line: title_of(c.training_set) if c.training_set else "" for line, c in of_line.items()}
    if any(sets.values()):
        names["Trained on"] = sets
    if table.of_stages:
        names["Stage"] = {
            line: condition_title("checkpoint", cell.checkpoint) for line, cell in of_line.items()
        }
    shared = []
    for head, words in reversed(list(names.items())):
        several = set(words.values()) - {""}
        if len(words) > 1 and len(several) == 1 and len(names) > 1:
            some = " (where anything is trained)" if "" in words.values() else ""
            shared.append(f"{head}: {several.pop()}{some}")
            del names[head]
    return names, shared


def _grid(
    table: Table, names: dict[str, dict[int, str]], cells: Cells, spreads: Cells, notes: Footnotes
) -> tuple[Grid, list[int]]:
    """The grid, and how many of its columns each metric has."""
    columns = sorted({column for _, column in cells})
    printed = {column for (_, column), cell in cells.items() if not isnan(cell.printed)}
    measured = {line for (line, _), cell in cells.items() if not isnan(cell.mean)}
    paper_rows = {line: table.rows[cell.row] for (line, _), cell in cells.items() if cell.row >= 0}
    beside = table.layout == "beside"
    labels = [
        i
        for i in range(len(table.labels))
        if any(r.labels[i] not in [w[n] for w in names.values()] for n, r in paper_rows.items())
    ]  # those that only repeat our names are left out
    heads = [_heads(table, column, column in printed, notes) for column in columns]
    rows: list[list[Text]] = []
    for line in sorted({line for line, _ in cells}):
        pairs = [_texts(table, (line, c), cells, spreads, line in measured, notes) for c in columns]
        words = [of_line[line] for of_line in names.values()]
        paper, mark = paper_rows.get(line), notes.mark(line, LINE)
        if beside:
            words = [paper.labels[i] if paper else "" for i in labels] + words
            first = next((i for i, word in enumerate(words) if word), 0)
            words[first] += mark
            shown = [[p] * (c in printed) + [h] * table.columns[c].measured
                     for c, (p, h) in zip(columns, pairs, strict=True)]  # fmt: skip
            rows.append([*map(Text, words), *itertools.chain(*shown)])
            continue
        if paper is not None:
            label = ", ".join(paper.labels) + mark
            rows.append([Text(_PAPER), Text(label), *(text for text, _ in pairs)])
        if paper is None or line in measured:
            label = ", ".join(filter(None, words)) + mark * (paper is None)
            rows.append([Text(_HERE), Text(label), *(text for _, text in pairs)])
    ours = list(names)
    head = [f"{table.labels[i]} (paper)" for i in labels] + ours
    if not beside:
        head = ["", ", ".join([ours[0], *map(str.lower, ours[1:])])]
    return Grid([*head, *itertools.chain(*heads)], rows, len(head)), [len(h) for h in heads]


def _heads(table: Table, index: int, printed: bool, notes: Footnotes) -> list[str]:
    """Headings of a metric."""
    column, mark = table.columns[index], notes.mark(HEAD, index)
    words = metric(column.metric)
    percent = " (%)" if column.percent else ""
    head = (column.title or words.short or words.title) + percent + words.arrow
    if table.layout == "below" or not printed:
        return [head + mark]
    return [f"{head}, {_PAPER}", *([_HERE + mark] if column.measured else [])]


def _texts(
    table: Table, at: Place, cells: Cells, spreads: Cells, line_measured: bool, notes: Footnotes
) -> tuple[Text, Text]:
    """What is printed and what was measured."""
    column, cell, spread = table.columns[at[1]], cells.get(at), spreads.get(at)
    if cell is None:
        return Text(), Text("" if line_measured else MISSING)
    digits = metric(column.metric).digits if column.digits is None else column.digits
    printed = with_spread(cell.printed, spread.printed if spread else nan, digits)
    mark = notes.mark(*at)
    if not column.measured:
        return Text(printed), Text()
    if isnan(cell.mean):
        nothing = all(isnan(one.mean) for (_, place), one in cells.items() if place == at[1])
        absent = column.absent if nothing else ""
        return Text(printed), Text(absent or MISSING + mark)
    deviation = spread.mean if spread and not isnan(spread.mean) else cell.sd * column.scale
    words = with_spread(cell.mean * column.scale, deviation, digits) + mark
    low, high = cell.ci_low * column.scale, cell.ci_high * column.scale
    return Text(printed), Text(words, interval(low, high, digits))


def _cut(grid: Grid, groups: Sequence[int], intervals: str) -> list[Grid]:
    """Grids of at most :data:`WIDTH` characters with the same names; rows without a number are left
    out."""
    lines = [[_text_lines(text, intervals) for text in row] for row in grid.rows]
    widths = [
        3 + max(len(text) for text in [head, *itertools.chain(*(row[i] for row in lines))])
        for i, head in enumerate(grid.head)
    ]
    names = list(range(grid.names))
    room = WIDTH - 1 - sum(widths[: grid.names])
    chunks: list[list[int]] = []
    start, left = grid.names, 0
    for length in groups:
        columns = list(range(start, start + length))
        start += length
        needed = sum(widths[i] for i in columns)
        if not chunks or needed > left:
            chunks.append([])
            left = room
        chunks[-1] += columns
        left -= needed
    grids = []
    for chunk in chunks:
        rows = []
        for row in lines:
            if any(row[i][0] for i in chunk):
                chosen = [row[i] for i in names + chunk]
                for text in itertools.zip_longest(*chosen, fillvalue=""):
                    rows.append([Text(word) for word in text])
        grids.append(Grid([grid.head[i] for i in names + chunk], rows, grid.names))
    return grids


def _text_lines(text: Text, intervals: str) -> list[str]:
    if intervals == "inline":
        return [" ".join(filter(None, (text.value, text.interval)))]
    return [text.value, text.interval] if intervals == "below" and text.interval else [text.value]
