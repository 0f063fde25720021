"""Remarks on the cells of a table: what all share goes to the caption, the rest to footnotes.

A remark that holds for every number stands in the caption; one that holds for whole columns is
marked in their headings, for whole rows at their names, else at the cell.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

Place = tuple[int, int]
"""Row and column."""
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass
class Remarks:
    """Remarks by what they hold for.

    Attributes:
        everywhere: those of the caption.
        columns, rows, cells: texts by place.
    """

    everywhere: list[str] = field(default_factory=list)
    columns: dict[int, list[str]] = field(default_factory=dict)
    rows: dict[int, list[str]] = field(default_factory=dict)
    cells: dict[Place, list[str]] = field(default_factory=dict)

    def add(self, text: str, holds: set[Place], among: set[Place]) -> None:
        """Place a remark.

        Args:
            text: the remark.
            holds: the cells that it holds for.
            among: all cells that it could hold for.
        """
        if holds >= among:
            self.everywhere.append(text)
            return
        left = set(holds)
        for axis, marks in ((1, self.columns), (0, self.rows)):
            for index in sorted({place[axis] for place in holds}):
                line = {place for place in among if place[axis] == index}
                if line <= holds and line & left:
                    _append(marks, index, text)
                    left -= line
        for place in sorted(left):
            _append(self.cells, place, text)

    def add_row(self, text: str, row: int) -> None:
        """Place a remark on a whole row."""
        _append(self.rows, row, text)

    def numbered(self) -> Footnotes:
        """Footnotes in the order in which a reader meets their marks."""
        notes = Footnotes()
        for column in sorted(self.columns):
            notes.mark(column, self.columns[column])
        rows = sorted({*self.rows, *(row for row, _ in self.cells)})
        for row in rows:
            notes.mark(("row", row), self.rows.get(row, []))
            for place in sorted(self.cells):
                if place[0] == row:
                    notes.mark(place, self.cells[place])
        return notes


class Footnotes:
    """Texts with their numbers, and the marks of each place."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._marks: dict[Hashable, str] = {}

    def mark(self, place: Hashable, texts: list[str]) -> None:
        """Number texts that are new, and remember the marks of a place."""
        numbers = []
        for text in texts:
            if text not in self.texts:
                self.texts.append(text)
            numbers.append(self.texts.index(text) + 1)
        if numbers:
            self._marks[place] = " ".join(superscript(n) for n in sorted(numbers))

    def column(self, column: int) -> str:
        """The marks of a heading."""
        return self._marks.get(column, "")

    def row(self, row: int) -> str:
        """The marks of a row's name."""
        return self._marks.get(("row", row), "")

    def cell(self, row: int, column: int) -> str:
        """The marks of a cell."""
        return self._marks.get((row, column), "")


def superscript(value: int) -> str:
    """``¹²`` for 12."""
    return str(value).translate(_SUPERSCRIPTS)


def _append(marks: dict, place: Hashable, text: str) -> None:  # type: ignore[type-arg]
    marks.setdefault(place, [])
    if text not in marks[place]:
        marks[place].append(text)
