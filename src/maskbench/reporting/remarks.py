"""Remarks on the numbers of a table: once in the caption where they share it, else in numbered
footnotes, which are marked at whole columns or lines where they hold for these, else at cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isnan
from typing import Literal, NamedTuple

from maskbench.measurements import STUDY
from maskbench.metrics.catalogue import KEEPS_FACE, metric
from maskbench.reporting.aggregate import ABSENT, seeds_in_words, superscript
from maskbench.reporting.names import UNRESTORED, title_of
from maskbench.reporting.papers.tables import Table
from maskbench.reporting.table_rows import UNNAMED, Cell

LINE = -1
"""The column of a remark on a line as a whole."""
HEAD = -1
"""The line of a column's heading, where footnotes are marked."""
PREFIXES = {
    "network": "network: ",
    "paper": "network in the paper: ",
    "differs": "differs from the paper in: ",
}
_COUNTS = ("pictures", "pairs", "probes", "votes")
_MOST = (*_COUNTS, "seeds", "network")
"""The caption states what most cells share; the others have a footnote."""
Place = tuple[int, int]
"""Line and column."""


class Remark(NamedTuple):
    """A remark on one cell. An empty text: it could have one of this kind, but has none."""

    kind: str
    text: str
    place: Place


class Footnotes:
    """Where remarks stand.

    Attributes:
        shared: kind -> texts that belong into the caption.
        texts: the footnotes, in the order in which a reader meets their marks.
    """

    def __init__(self, remarks: Iterable[Remark]) -> None:
        among: dict[str, set[Place]] = {}
        holds: dict[tuple[str, str], set[Place]] = {}
        for kind, text, place in remarks:
            among.setdefault(kind, set()).add(place)
            holds.setdefault((kind, text), set()).add(place)
        together: dict[tuple[str, frozenset[Place]], list[str]] = {}
        for (kind, text), places in holds.items():
            if text:
                together.setdefault((kind, frozenset(places)), []).append(text)
        self.shared: dict[str, list[str]] = {}
        marked: dict[Place, list[str]] = {}
        for (kind, held), texts in together.items():
            text = PREFIXES.get(kind, "") + "; ".join(texts)
            if held == among[kind]:
                self.shared.setdefault(kind, []).append(text)
            elif kind in _MOST and 2 * len(held) > len(among[kind]):
                rest = ", where not noted otherwise" * (kind == "network")
                self.shared.setdefault(kind, []).append(text + rest)
            else:
                for place in _marks(held, among[kind]):
                    marked.setdefault(place, []).append(text)
        self.texts = list(dict.fromkeys(text for at in sorted(marked) for text in marked[at]))
        self._marks = {
            place: " ".join(superscript(i + 1) for i, t in enumerate(self.texts) if t in texts)
            for place, texts in marked.items()
        }

    def mark(self, line: int, column: int) -> str:
        """The marks of a cell; of a heading (:data:`HEAD`) or of a line's name (:data:`LINE`)."""
        return self._marks.get((line, column), "")


def _marks(holds: frozenset[Place], among: set[Place]) -> Iterator[Place]:
    """Where a remark on these cells is marked: at whole columns, then lines, then cells."""
    left = set(holds)
    for axis in (1, 0):
        for index in sorted({place[axis] for place in holds}):
            whole = {place for place in among if place[axis] == index}
            if whole <= holds and whole & left:
                yield (HEAD, index) if axis else (index, LINE)
                left -= whole
    yield from left


def remarks_of(table: Table, cells: Sequence[Cell]) -> Iterator[Remark]:
    """The remarks on the cells of a part."""
    lines: dict[int, list[Cell]] = {}
    for cell in cells:
        lines.setdefault(cell.line, []).append(cell)
        column, place = table.columns[cell.column], (cell.line, cell.column)
        measured, printed = not isnan(cell.mean), not isnan(cell.printed)
        if cell.backbone not in ("", ABSENT):
            for text in cell.note.split("; "):
                yield Remark("note", text, place)
        if printed:
            unnamed = column.network == UNNAMED
            yield Remark("paper", "" if unnamed else cell.reported_network, place)
        if measured:
            yield Remark("network", _network(cell), place)
        if measured and printed:
            for text in cell.differs_in.split("; "):
                yield Remark("differs", text, place)
    for line, of_line in lines.items():
        yield from (Remark(kind, text, (line, LINE)) for kind, text in _of_line(of_line))


def _of_line(cells: Sequence[Cell]) -> Iterator[tuple[str, str]]:
    """Kinds and texts of the remarks on a line as a whole."""
    first, found = cells[0], [cell for cell in cells if not isnan(cell.mean)]
    if not found:
        why = f": {first.note}" if first.backbone == ABSENT else " in this run"
        yield "missing", f"not measured{why}"
        return
    yield "missing", ""
    most: dict[str, tuple[int, int]] = {}  # where metrics differ
    for cell in found:
        if cell.metric != "undetected":
            others: Literal["votes", "pictures"] = "votes" if cell.step == STUDY else "pictures"
            kind = metric(cell.metric).over if cell.step == "recognition" else others
            most[kind] = max(most.get(kind, (0, 0)), (int(cell.n), int(cell.n_people)))
    for over, (n, people) in most.items():
        words = f"{n} {over if n != 1 else over[:-1]}" + " on pictures" * (over == "votes")
        yield over, f"{words} of {people} people" if people else words
    seeds = [int(cell.seeds) for cell in found]
    few, many = min(seeds), max(seeds)
    yield "seeds", (f"{few} to " if few < many else "") + seeds_in_words(many)
    kept, learnt = found[0].kept, found[0].step == "recognition"
    who = "trained on masks of a method that " if learnt else ""
    lost = f"{who}did not keep the face: SSIM outside the mask {kept:.3f}, below {KEEPS_FACE}"
    yield "face", lost if kept < KEEPS_FACE else ""
    hole = first.method == UNRESTORED and first.restorer
    yield "hole", f"in the hole: where {title_of(first.restorer)} paints" if hole else ""


def _network(cell: Cell) -> str:
    """The network behind a number, without what its line says anyhow."""
    if cell.backbone in ("none", cell.method):
        return ""
    sets = f"{cell.dataset} {cell.training_set}"
    return str(cell.backbone).replace(f", {sets}", "").replace(f"{sets}, ", "")


def caption_of(table: Table, cells: Sequence[Cell], shared: Mapping[str, list[str]]) -> list[str]:
    """The sentences of a caption. ``shared``: :attr:`Footnotes.shared`."""
    found = [cell for cell in cells if not isnan(cell.mean)]
    sentences = []
    if found:
        counts = ", ".join(text for kind in _COUNTS for text in shared.get(kind, []))
        splits = " and ".join(dict.fromkeys(cell.split for cell in found))
        place = f"{found[0].dataset} {splits}" + (f" ({counts})" if counts else "")
        sentences.append(f"measured on {place}, crop {found[0].crop}")
        several = any(not isnan(cell.sd) for cell in found)
        (seeds,) = shared.get("seeds", ["seeds"])
        mean = f"mean ± standard deviation over {seeds}" if several else seeds
        if any(not isnan(cell.ci_low) for cell in found):
            words = "95% interval over people"
            elsewhere = f"; the {words} stands in the HTML and CSV files"
            mean += elsewhere if table.intervals == "none" else f" [{words}]"
        sentences.append(mean)
    others = [kind for kind in shared if kind not in (*_COUNTS, "seeds")]
    return sentences + [text for kind in others for text in shared[kind]]
