"""A table as it is printed: sections with a caption, grids of text and numbered footnotes.

Grids are at most :data:`WIDTH` characters wide, which is a page of A4 upright. Where a table is
wider, the 95% intervals move to lines of their own, measured numbers below the printed ones, and
columns to a further grid, whichever takes fewer lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from maskbench.metrics.catalogue import metric
from maskbench.reporting.aggregate import (
    Result,
    interval_in_words,
    mean_in_words,
    number,
    seeds_in_words,
)
from maskbench.reporting.names import UNRESTORED, condition_title, title
from maskbench.reporting.papers import Paper
from maskbench.reporting.papers.tables import Column, Table
from maskbench.reporting.remarks import Footnotes, Remarks
from maskbench.reporting.table_rows import Cell, Line, Part

WIDTH = 100
MISSING = "–"
NOTHING = "Nothing of this kind was measured in this run"
_HERE, _PAPER = "here", "paper"
_OURS, _PAPERS, _DIFFERS = "network: ", "network in the paper: ", "differs from the paper in: "


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
        stacked: intervals stand on lines of their own.
    """

    heading: str
    caption: tuple[str, ...]
    grids: tuple[Grid, ...]
    footnotes: tuple[str, ...]
    stacked: bool


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
        heading += f" ({paper.paper}, {table.number})"
    sections = tuple(_section(table, part) for part in parts)
    return Page(name, heading, sections, tuple(_notes(table, parts)) if parts else (NOTHING,))


def _notes(table: Table, parts: Sequence[Part]) -> list[str]:
    """What explains the columns."""
    shown = [c for part in parts for c, _ in _columns(table, part)]
    shown = [c for c in table.columns if c in shown]
    notes = []
    if table.pictures:
        notes.append(f"The paper measured on: {table.pictures}")
    notes += table.notes
    notes += [f"{_heading(table, c)}: {c.note}" for c in shown if c.note]
    if any(c.spread for c in shown):
        notes.append("± of a cosine is the deviation over pairs, as the paper prints it")
    if table.percent:
        notes.append("Shares are shown in percent; the CSV file holds them from 0 to 1")
    short = {metric(c.metric).short: metric(c.metric).title for c in shown if not c.title}
    notes += [f"{s}: {t[0].lower()}{t[1:]}" for s, t in short.items() if s and s not in t]
    own_reference = any(
        line.name[0] == "keypoint" and any(cell.result is None for cell in line.cells)
        for part in parts
        for line in part.lines
        if part.place and table.where["step"] == "synthesis"
    )
    if own_reference:
        notes.append("Empty: compared with the key-point overlay, which is not its own reference")
    return notes


def _columns(table: Table, part: Part) -> list[tuple[Column, int]]:
    """The columns that hold anything in a part, with their place in the table."""
    return [
        (column, index)
        for index, column in enumerate(table.columns)
        if any(
            line.cells[index].printed is not None or line.cells[index].result is not None
            for line in part.lines
        )
    ]


def _heading(table: Table, column: Column) -> str:
    shown = metric(column.metric)
    words = column.title or shown.short or shown.title
    return words + (" (%)" if table.scale(column.metric) > 1 else "") + shown.arrow


def _section(table: Table, part: Part) -> Section:
    columns = _columns(table, part)
    remarks = _remarks(table, part, columns)
    caption = _caption(table, part, remarks)
    notes = remarks.numbered()
    layouts = [
        (beside, stacked)
        for beside in ((True, False) if table.rows else (True,))
        for stacked in ((False, True) if table.intervals else (False,))
    ]
    best = min(
        (
            (lines_of(grids, stacked), beside, stacked, grids)
            for beside, stacked in layouts
            for grids in [_grids(table, part, columns, notes, beside, stacked)]
        ),
        key=lambda found: found[0],
    )
    heading = ", ".join(condition_title(name, value) for name, value in part.values.items())
    return Section(heading, tuple(caption), best[3], tuple(notes.texts), best[2])


def lines_of(grids: Sequence[Grid], stacked: bool) -> int:
    """How many lines grids take."""
    return sum(
        3 + sum(1 + (stacked and any(text.interval for text in row)) for row in grid.rows)
        for grid in grids
    )


def _grids(
    table: Table,
    part: Part,
    columns: Sequence[tuple[Column, int]],
    notes: Footnotes,
    beside: bool,
    stacked: bool,
) -> tuple[Grid, ...]:
    """The rows in as many grids as their width asks for."""
    names_head, names = _names(table, part, notes)
    groups = [_group(table, part, column, index, notes, beside) for column, index in columns]
    if not beside:
        names_head, names, groups = _below(part, names_head, names, groups)
    inline = table.intervals and not stacked

    def wide(cells: Sequence[Text]) -> int:
        return max(
            len(t.value) + (len(t.interval) + 1 if inline and t.interval else 0) for t in cells
        )

    def width(head: str, cells: Sequence[Text]) -> int:
        within = [len(t.interval) for t in cells] if stacked else [0]
        return 3 + max(len(head), wide(cells), *within)

    own = 1 + sum(
        width(head, [row[i] for row in names]) for i, head in enumerate(names_head)
    )
    chunks: list[list[int]] = [[]]
    total = own
    for i, (heads, cells) in enumerate(groups):
        needed = sum(width(h, [row[k] for row in cells]) for k, h in enumerate(heads))
        if chunks[-1] and total + needed > WIDTH:
            chunks.append([])
            total = own
        chunks[-1].append(i)
        total += needed
    return tuple(
        Grid(
            (*names_head, *(h for i in chunk for h in groups[i][0])),
            tuple(
                (*row, *(text for i in chunk for text in groups[i][1][r]))
                for r, row in enumerate(names)
            ),
            len(names_head),
        )
        for chunk in chunks
    )


Group = tuple[tuple[str, ...], list[tuple[Text, ...]]]
"""Headings and cells of what one column of the table is printed as."""


def _names(
    table: Table, part: Part, notes: Footnotes
) -> tuple[tuple[str, ...], list[tuple[Text, ...]]]:
    """The words that name each row; labels that only repeat our titles are left out."""
    kept = [
        i
        for i in range(len(table.labels))
        if any(line.paper and line.paper.labels[i] not in _titles(line) for line in part.lines)
    ]
    learns = any(line.name[1] not in ("", "none") for line in part.lines)
    what = "Recogniser" if table.where["step"] == "recognition" else "Method"
    head = [f"{table.labels[i]} (paper)" for i in kept] + [what] + ["Learnt from"] * learns
    rows = []
    for index, line in enumerate(part.lines):
        labels = line.paper.labels if line.paper else ("",) * len(table.labels)
        words = [labels[i] for i in kept] + list(_titles(line)[: 1 + learns])
        first = next((i for i, word in enumerate(words) if word), 0)
        words[first] += notes.row(index)
        rows.append(tuple(Text(word) for word in words))
    return tuple(head), rows


def _titles(line: Line) -> tuple[str, str]:
    method, training_set, restorer = line.name
    words = title(method)
    if method == UNRESTORED and restorer:
        words += f" (holes of {title(restorer)})"
    return words, title(training_set) if training_set else ""


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
    part: Part, head: tuple[str, ...], names: list[tuple[Text, ...]], groups: list[Group]
) -> tuple[tuple[str, ...], list[tuple[Text, ...]], list[Group]]:
    """Measured numbers on a line below the printed ones."""
    rows: list[tuple[Text, ...]] = []
    below: list[Group] = [((heads[-1],), []) for heads, _ in groups]
    for r, line in enumerate(part.lines):
        printed = line.paper is not None and bool(line.paper.printed)
        lines = [_PAPER] * printed + [_HERE] * (bool(line.measured) or not printed)
        for i, source in enumerate(lines):
            rows.append((*(names[r] if i == 0 else (Text(),) * len(head)), Text(source)))
            for (heads, cells), (_, out) in zip(groups, below, strict=True):
                first, last = cells[r][0], cells[r][-1]
                if len(heads) == 1:  # printed only
                    last = Text()
                out.append((first if source == _PAPER else last,))
    return (*head, ""), rows, below


def _remarks(table: Table, part: Part, columns: Sequence[tuple[Column, int]]) -> Remarks:
    """What is to be said of the cells of a part."""
    remarks = Remarks()
    said: dict[tuple[str, str], set[tuple[int, int]]] = {}
    measured: set[tuple[int, int]] = set()
    compared, printed = set(measured), set(measured)
    for r, line in enumerate(part.lines):
        for column, c in columns:
            cell = line.cells[c]
            if cell.result is not None and cell.result.note:
                said.setdefault(("", cell.result.note), set()).add((r, c))
            if cell.printed is not None and line.paper is not None:
                printed.add((r, c))
                network = column.network or line.paper.network or table.network
                if network:
                    said.setdefault((_PAPERS, network), set()).add((r, c))
            if cell.measured is None:
                continue
            measured.add((r, c))
            network = _network(cell.measured)
            if network:
                said.setdefault((_OURS, network), set()).add((r, c))
            if cell.printed is not None:
                compared.add((r, c))
            for text in cell.differs:
                said.setdefault((_DIFFERS, text), set()).add((r, c))
    together: dict[tuple[str, frozenset[tuple[int, int]]], list[str]] = {}
    for (kind, text), holds in said.items():
        together.setdefault((kind, frozenset(holds)), []).append(text)
    for (kind, cells), texts in together.items():
        holds = set(cells)
        among = {_DIFFERS: compared, _PAPERS: printed}.get(kind, measured | holds)
        text = kind + "; ".join(texts)
        if kind == _OURS and 2 * len(holds) > len(among) and holds != among:
            remarks.everywhere.append(f"{text}, where not noted otherwise")
        else:
            remarks.add(text, holds, among)
    for r, line in enumerate(part.lines):
        if not line.measured:
            why = f": {line.note}" if line.note else " in this run"
            remarks.add_row(f"not measured{why}", r)
    return remarks


def _network(result: Result) -> str:
    """The network behind a number, without what its row says anyhow."""
    if result.backbone in ("none", result.method):
        return ""
    sets = f"{result.dataset} {result.training_set}"
    return result.backbone.replace(f", {sets}", "").replace(f"{sets}, ", "").replace(sets, "them")


def _caption(table: Table, part: Part, remarks: Remarks) -> list[str]:
    """What all rows of a part share; rows that differ in it get a footnote."""
    lines = [(r, line) for r, line in enumerate(part.lines) if line.measured]
    sentences = []
    if part.place and lines:
        dataset, split, crop = part.place
        shared = _common([(r, _counted(line)) for r, line in lines], remarks)
        people = {result.n_people for _, line in lines for result in line.measured} - {0}
        if people:
            shared = f"{max(people)} people, {shared}"
        sentences.append(f"{dataset} {split} ({shared}), crop {crop}")
    results = [result for _, line in lines for result in line.measured]
    if results:
        seeds = _common([(r, _seeds(line)) for r, line in lines], remarks)
        several = any(result.sd is not None for result in results)
        mean = f"mean ± standard deviation over {seeds}" if several else seeds
        if any(result.ci_low is not None for result in results):
            over = "people" if table.where["step"] == "recognition" else "pictures"
            widest = ", the widest of the seeds'" if several else ""
            mean += (
                f" [95% bootstrap interval over {over}{widest}]"
                if table.intervals
                else "; 95% intervals stand in the CSV file"
            )
        sentences.append(mean)
    return [*sentences, *dict.fromkeys(remarks.everywhere)]


def _common(values: Sequence[tuple[int, str]], remarks: Remarks) -> str:
    """The most frequent value; rows with another get a footnote."""
    [(most, _)] = Counter(value for _, value in values).most_common(1)
    for row, value in values:
        if value != most:
            remarks.add_row(value, row)
    return most


def _seeds(line: Line) -> str:
    seeds = sorted({result.seeds for result in line.measured})
    if len(seeds) == 1:
        return seeds_in_words(seeds[0])
    return f"{seeds[0]} to {seeds_in_words(seeds[-1])}"


def _counted(line: Line) -> str:
    """How many pairs (the most where metrics differ), probes or pictures numbers come from."""
    most: dict[str, int] = {}
    for result in line.measured:
        probes = result.metric.startswith("rank_")
        kind = "pictures" if result.step != "recognition" else "probes" if probes else "pairs"
        if result.metric != "undetected":
            most[kind] = max(most.get(kind, 0), result.n)
    return ", ".join(f"{n} {kind}" for kind, n in most.items())
