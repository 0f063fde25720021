"""What stands beside a part of a table: its caption, and what becomes a footnote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from maskbench.reporting.aggregate import Result, seeds_in_words
from maskbench.reporting.names import UNRESTORED, title_of
from maskbench.reporting.papers.tables import Column, Table
from maskbench.reporting.remarks import Remarks
from maskbench.reporting.table_rows import UNNAMED, Line, Part

_OURS, _PAPERS, _DIFFERS = "network: ", "network in the paper: ", "differs from the paper in: "


def titles_of(line: Line) -> tuple[str, str]:
    """Words for a row's method and training set."""
    method, training_set, _ = line.name
    return title_of(method), title_of(training_set) if training_set else ""


def heads_of_titles(table: Table) -> tuple[str, str]:
    return "Recogniser" if table.where["step"] == "recognition" else "Method", "Trained on"


def shared_titles(part: Part) -> dict[int, str]:
    """Names that all rows share where there are several, by their place among the titles."""
    found = {}
    for place in (0, 1):
        titles = [titles_of(line)[place] for line in part.lines]
        named = set(titles) - {""}
        if len(titles) > 1 and len(named) == 1:
            found[place] = named.pop() + (" (where anything is trained)" if "" in titles else "")
    if 1 in found or not any(titles_of(line)[1] for line in part.lines):
        found.pop(0, None)  # else nothing would name the rows
    return found


def remarks_of(table: Table, part: Part, columns: Sequence[tuple[Column, int]]) -> Remarks:
    """The remarks on the cells of a part."""
    remarks = Remarks()
    texts_at: dict[tuple[str, str], set[tuple[int, int]]] = {}
    measured: set[tuple[int, int]] = set()
    compared, printed = set(measured), set(measured)
    for r, line in enumerate(part.lines):
        for column, c in columns:
            cell = line.cells[c]
            if cell.result is not None and cell.result.note:
                texts_at.setdefault(("", cell.result.note), set()).add((r, c))
            if cell.printed is not None and line.paper is not None:
                printed.add((r, c))
                network = column.network or line.paper.network or table.network
                if network and column.network != UNNAMED:
                    texts_at.setdefault((_PAPERS, network), set()).add((r, c))
            if cell.measured is None:
                continue
            measured.add((r, c))
            network = _network(cell.measured)
            if network:
                texts_at.setdefault((_OURS, network), set()).add((r, c))
            if cell.printed is not None:
                compared.add((r, c))
            for text in cell.differs:
                texts_at.setdefault((_DIFFERS, text), set()).add((r, c))
    together: dict[tuple[str, frozenset[tuple[int, int]]], list[str]] = {}
    for (kind, text), holds in texts_at.items():
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
        method, _, restorer = line.name
        if method == UNRESTORED and restorer and any("hole" in c.metric for c, _ in columns):
            remarks.add_row(f"in the hole: where {title_of(restorer)} paints", r)
    missing = {
        r: "not measured" + (f": {line.note}" if line.note else " in this run")
        for r, line in enumerate(part.lines)
        if not line.measured
    }
    if len(missing) == len(part.lines) and len(set(missing.values())) == 1:
        remarks.everywhere.append(missing[0])
    else:
        for r, text in missing.items():
            remarks.add_row(text, r)
    return remarks


def _network(result: Result) -> str:
    """The network behind a number, without what its row says anyhow."""
    if result.backbone in ("none", result.method):
        return ""
    sets = f"{result.dataset} {result.training_set}"
    return result.backbone.replace(f", {sets}", "").replace(f"{sets}, ", "")


def caption_of(table: Table, part: Part, remarks: Remarks) -> list[str]:
    """What all rows of a part share; rows that differ in it get a footnote."""
    lines = [(r, line) for r, line in enumerate(part.lines) if line.measured]
    sentences = [
        f"{heads_of_titles(table)[place]}: {words}" for place, words in shared_titles(part).items()
    ]
    if part.place and lines:
        dataset, split, crop = part.place
        shared = _common([(r, _counted(line)) for r, line in lines], remarks)
        people = {result.n_people for _, line in lines for result in line.measured} - {0}
        if people:
            shared = f"{max(people)} people, {shared}"
        sentences.insert(0, f"Measured on {dataset} {split} ({shared}), crop {crop}")
    results = [result for _, line in lines for result in line.measured]
    if results:
        seeds = _common([(r, _seeds(line)) for r, line in lines], remarks)
        several = any(result.sd is not None for result in results)
        mean = f"mean ± standard deviation over {seeds}" if several else seeds
        if any(result.ci_low is not None for result in results):
            over = "people" if table.where["step"] == "recognition" else "pictures"
            widest = " (the widest of the seeds')" if several else ""
            words = f"95% bootstrap interval over {over}{widest}"
            mean += f" [{words}]" if table.intervals else f"; the {words} stands in the CSV file"
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
