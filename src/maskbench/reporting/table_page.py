"""A table as it is printed: sections with a caption, grids of text and numbered footnotes.

Grids are at most :data:`WIDTH` characters wide, which is a page of A4 upright. Where a table is
wider, the 95% intervals move to lines of their own, measured numbers below the printed ones, and
columns to a further grid, whichever takes fewer lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from maskbench.metrics.catalogue import metric
from maskbench.reporting.aggregate import (
    interval_in_words,
    mean_in_words,
    number,
)
from maskbench.reporting.names import condition_title
from maskbench.reporting.papers import Paper
from maskbench.reporting.papers.tables import Column, Table
from maskbench.reporting.remarks import Footnotes
from maskbench.reporting.table_captions import (
    caption_of,
    heads_of_titles,
    remarks_of,
    shared_titles,
    titles_of,
)
from maskbench.reporting.table_rows import Cell, Line, Part, shown_columns

WIDTH = 112
HTML_WIDTH = 130
MISSING = "–"
NOTHING = "Nothing of this kind was measured in this run"
Intervals = Literal["inline", "below", "small", "none"]  # small: below, in small print
REFERENCE = "keypoint"
"""What the pictures of other methods are compared with."""
_HERE, _PAPER = "here", "paper"


@dataclass(frozen=True)
class Text:
    """A cell: what stands in it, and its interval."""

    value: str = ""
    interval: str = ""


@dataclass(frozen=True)
class Grid:
    """Rows below headings; the first ``names`` columns are words, the others numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    names: int


@dataclass(frozen=True)
class Section:
    """One part of a table.

    Attributes:
        grids: for text; ``intervals`` says where these stand beside their numbers there.
        stacked: for HTML, which always shows intervals below their numbers.
    """

    heading: str
    caption: tuple[str, ...]
    grids: tuple[Grid, ...]
    intervals: Intervals
    stacked: tuple[Grid, ...]
    footnotes: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """A table."""

    name: str
    title: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = field(default=())


def build(name: str, table: Table, paper: Paper, parts: Sequence[Part]) -> Page:
    """The page of a table."""
    heading = table.title
    if table.number:
        heading += f": {paper.paper}, {table.number}"
    sections = tuple(_section(table, part) for part in parts)
    return Page(name, heading, sections, tuple(_notes(table, parts)) if parts else (NOTHING,))


def _notes(table: Table, parts: Sequence[Part]) -> list[str]:
    """What explains the columns."""
    shown = [c for part in parts for c, _ in shown_columns(table, part)]
    shown = [c for c in table.columns if c in shown]
    notes = []
    if table.pictures:
        notes.append(f"The paper's pictures: {table.pictures}")
    notes += table.notes
    notes += [f"{_heading(table, c)}: {c.note}" for c in shown if c.note]
    if any(c.spread for c in shown):
        notes.append("± of a cosine is the deviation over pairs, as the paper prints it")
    if table.percent:
        notes.append("Shares are shown in percent; the CSV file holds them from 0 to 1")
    short = {metric(c.metric).short: metric(c.metric).title for c in shown if not c.title}
    notes += [f"{s}: {t}" for s, t in short.items() if s and s not in t]
    own_reference = any(
        line.name[0] == REFERENCE and line.cells[index].result is None
        for part in parts
        for column, index in shown_columns(table, part)
        for line in part.lines
        if part.place and column.measured
    )
    if own_reference and table.where["step"] == "synthesis":
        notes.append("Empty: compared with the key-point overlay, which is not its own reference")
    return notes


def _heading(table: Table, column: Column) -> str:
    shown = metric(column.metric)
    words = column.title or shown.short or shown.title
    return words + (" (%)" if table.scale(column.metric) > 1 else "") + shown.arrow


def _section(table: Table, part: Part) -> Section:
    columns = shown_columns(table, part)
    remarks = remarks_of(table, part, columns)
    caption = caption_of(table, part, remarks)
    notes = remarks.numbered()
    kinds: tuple[Intervals, ...] = ("inline", "below") if table.intervals else ("none",)
    grids, intervals = _best(table, part, columns, notes, kinds, WIDTH)
    stacked, _ = _best(table, part, columns, notes, ("small",), HTML_WIDTH)
    heading = ", ".join(condition_title(name, value) for name, value in part.values.items())
    return Section(heading, tuple(caption), grids, intervals, stacked, tuple(notes.texts))


def _best(
    table: Table,
    part: Part,
    columns: Sequence[tuple[Column, int]],
    notes: Footnotes,
    kinds: Sequence[Intervals],
    width: int,
) -> tuple[tuple[Grid, ...], Intervals]:
    """The layout that a reader has the least trouble with."""
    found = [
        (_cost(grids, beside, intervals), grids, intervals)
        for beside in ((True, False) if table.rows else (True,))
        for intervals in kinds
        for grids in [_grids(table, part, columns, notes, beside, intervals, width)]
    ]
    _, grids, intervals = min(found, key=lambda one: one[0])
    return grids, intervals


def _cost(grids: Sequence[Grid], beside: bool, intervals: Intervals) -> int:
    """How many lines grids take, with some for the trouble that further grids and printed numbers
    on lines of their own give a reader."""
    below = intervals in ("below", "small")
    lines = sum(
        6 + sum(1 + (below and any(text.interval for text in row)) for row in grid.rows)
        for grid in grids
    )
    return lines + 8 * (not beside)


def _grids(
    table: Table,
    part: Part,
    columns: Sequence[tuple[Column, int]],
    notes: Footnotes,
    beside: bool,
    intervals: Intervals,
    width: int,
) -> tuple[Grid, ...]:
    """The rows in as many grids as ``width`` asks for."""
    groups = [_group(table, part, column, index, notes, beside) for column, index in columns]
    if beside:
        head, names = _names(table, part, notes)
    else:
        head, names, groups = _below(table, part, notes, groups)
    chunks: list[list[Group]] = []
    own = 1 + sum(_width(h, [row[i] for row in names], intervals) for i, h in enumerate(head))
    total = width + 1
    for heads, cells in groups:
        needed = sum(_width(h, [row[k] for row in cells], intervals) for k, h in enumerate(heads))
        if total + needed > width:
            chunks.append([])
            total = own
        chunks[-1].append((heads, cells))
        total += needed
    return tuple(_grid(head, names, chunk) for chunk in chunks)


def _grid(
    head: tuple[str, ...], names: Sequence[tuple[Text, ...]], groups: Sequence[Group]
) -> Grid:
    """Names and columns side by side; rows without a number are left out."""
    rows = []
    for r, row in enumerate(names):
        numbers = [text for _, cells in groups for text in cells[r]]
        if any(text.value for text in numbers):
            rows.append((*row, *numbers))
    return Grid((*head, *(h for heads, _ in groups for h in heads)), tuple(rows), len(head))


def _width(head: str, cells: Sequence[Text], intervals: Intervals) -> int:
    """Characters of a column with its rule."""
    longest = len(head)
    for text in cells:
        if intervals == "inline" and text.interval:
            longest = max(longest, len(text.value) + 1 + len(text.interval))
        elif intervals in ("below", "small"):
            shrunk = len(text.interval) * 4 // 5 if intervals == "small" else len(text.interval)
            longest = max(longest, len(text.value), shrunk)
        else:
            longest = max(longest, len(text.value))
    return 3 + longest


Group = tuple[tuple[str, ...], list[tuple[Text, ...]]]
"""Headings and cells of what one column of the table is printed as."""


def _names(
    table: Table, part: Part, notes: Footnotes
) -> tuple[tuple[str, ...], list[tuple[Text, ...]]]:
    """The words that name each row; labels that only repeat our titles are left out."""
    kept = [
        i
        for i in range(len(table.labels))
        if any(line.paper and line.paper.labels[i] not in titles_of(line) for line in part.lines)
    ]
    ours = _shown_titles(table, part)
    head = [f"{table.labels[i]} (paper)" for i in kept] + list(ours)
    rows = []
    for index, line in enumerate(part.lines):
        labels = line.paper.labels if line.paper else ("",) * len(table.labels)
        words = [labels[i] for i in kept] + [titles_of(line)[place] for place in ours.values()]
        first = next((i for i, word in enumerate(words) if word), 0)
        words[first] += notes.row(index)
        rows.append(tuple(Text(word) for word in words))
    return tuple(head), rows


def _shown_titles(table: Table, part: Part) -> dict[str, int]:
    """Headings of our own names of a row, and their place among its titles; a name that all rows
    share stands in the caption."""
    return {
        head: place
        for place, head in enumerate(heads_of_titles(table))
        if place not in shared_titles(part) and any(titles_of(line)[place] for line in part.lines)
    }


def _group(
    table: Table, part: Part, column: Column, index: int, notes: Footnotes, beside: bool
) -> Group:
    """The printed and the measured column of a metric."""
    shown = metric(column.metric)
    digits = shown.digits if column.digits is None else column.digits
    scale = table.scale(column.metric)
    printed = any(line.cells[index].printed is not None for line in part.lines)
    head = _heading(table, column)
    mark = notes.column(index)
    if not column.measured:
        heads: tuple[str, ...] = (f"{head}, {_PAPER}" if beside else head,)
    elif printed:
        heads = (f"{head}, {_PAPER}", f"{_HERE}{mark}") if beside else ("", head + mark)
    else:
        heads = (head + mark,) if beside else ("", head + mark)
    rows = []
    for r, line in enumerate(part.lines):
        cell = line.cells[index]
        texts = [_printed(cell, digits)] if printed or not beside else []
        if column.measured:
            texts.append(_measured(line, cell, digits, scale, notes.cell(r, index)))
        rows.append(tuple(texts))
    return heads, rows


def _printed(cell: Cell, digits: int) -> Text:
    if cell.printed is None:
        return Text()
    spread = f" ± {number(cell.printed_spread, digits)}" if cell.printed_spread is not None else ""
    return Text(number(cell.printed, digits) + spread)


def _measured(line: Line, cell: Cell, digits: int, scale: float, mark: str) -> Text:
    result = cell.measured
    if result is None:
        empty = line.measured and cell.result is None and cell.printed is None
        return Text("" if empty else MISSING + mark)
    words = mean_in_words(result, digits, scale)
    if cell.spread is not None and cell.spread.mean is not None:
        words = f"{words.split(' ±')[0]} ± {number(cell.spread.mean, digits)}"
    return Text(words + mark, interval_in_words(result, digits, scale))


def _below(
    table: Table, part: Part, notes: Footnotes, groups: list[Group]
) -> tuple[tuple[str, ...], list[tuple[Text, ...]], list[Group]]:
    """Measured numbers on a line below the printed ones, each with its own name of the row."""
    rows: list[tuple[Text, ...]] = []
    below: list[Group] = [((heads[-1],), []) for heads, _ in groups]
    ours = _shown_titles(table, part)
    for r, line in enumerate(part.lines):
        mark = notes.row(r)
        if line.paper is not None and line.paper.printed:
            rows.append((Text(_PAPER), Text(", ".join(line.paper.labels) + mark)))
            mark = ""
            for (_, cells), (_, out) in zip(groups, below, strict=True):
                out.append((cells[r][0],))
            if not line.measured:
                continue
        words = ", ".join(filter(None, (titles_of(line)[place] for place in ours.values())))
        rows.append((Text(_HERE), Text(words + mark)))
        for (heads, cells), (_, out) in zip(groups, below, strict=True):
            out.append((cells[r][-1] if len(heads) > 1 else Text(),))
    head, *more = ours
    return ("", ", ".join([head, *(words.lower() for words in more)])), rows, below
