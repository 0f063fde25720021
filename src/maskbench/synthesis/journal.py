"""What ``mask`` has done so far: a line of JSON a picture, in the order of the work.

Pictures are added by runs, and a run counts from its last line on: so what is left after a kill
falls into the same runs as it would have without.
"""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from maskbench.artifacts import read_json, write_json
from maskbench.datasets.pictures import NEEDS_HEIC
from maskbench.errors import MaskbenchError
from maskbench.synthesis.inputs import MANIFEST, SETTINGS, Task, digest_of

log = logging.getLogger(__name__)

JOURNAL = ".journal"
NAMES = ("source", "output", "mask")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is one to a spreadsheet
Row = dict[str, Any]


class Journal:
    """The journal in a file, which need not exist; only places of its lines are held in memory.

    Attributes:
        places: by the name of each picture, where its last line starts.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self.places: dict[str, int] = {}
        self._file = open(path, "rb" if read_only else "a+b")  # noqa: SIM115 (closed by close())
        whole = self._take_up()
        if not read_only:
            self._file.truncate(whole)  # what a killed process began

    def _take_up(self) -> int:
        """Find all whole runs; where they end."""
        self._file.seek(0)
        run: dict[str, int] = {}
        start = whole = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            entry = json.loads(line)
            run[entry["source"]] = start
            start += len(line)
            if not entry["left"]:
                self.places |= run
                run, whole = {}, start
        return whole

    def add(self, run: Sequence[tuple[str, list[Row]]]) -> None:
        """Add a run of pictures, each with its rows."""
        start = self._file.seek(0, 2)
        lines, places = [], {}
        for number, (source, rows) in enumerate(run, 1):
            entry = {"source": source, "left": len(run) - number, "rows": rows}
            lines.append(json.dumps(entry).encode() + b"\n")
            places[source] = start
            start += len(lines[-1])
        self._file.write(b"".join(lines))
        self._file.flush()
        self.places |= places

    def rows(self, source: str) -> list[Row]:
        """The rows of a picture, as they were added last."""
        self._file.seek(self.places[source])
        found: list[Row] = json.loads(self._file.readline())["rows"]
        return found

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def settings_in(folder: Path) -> Any:
    """The settings of a result, or of unfinished work; None: there are none."""
    try:
        settings = read_json(folder / SETTINGS)
    except MaskbenchError:
        return None
    if isinstance(settings, dict):
        settings.pop(MANIFEST, None)
    return settings


def seal(folder: Path, settings: dict[str, Any]) -> None:
    """Write a result's settings with the digest of its manifest."""
    write_json(folder / SETTINGS, settings | {MANIFEST: digest_of(str(folder / MANIFEST))})


def as_cells(row: Row) -> Row:
    """A row as it is written: no name in it is a formula."""
    return row | {
        key: f"./{row[key]}" for key in NAMES if row.get(key) and row[key].startswith(FORMULA)
    }


def as_name(row: Row) -> Row:
    """A row as it was before :func:`as_cells`."""
    return row | {key: row[key].removeprefix("./") for key in NAMES}


def still_valid(journal: Journal, places: Sequence[Path], tasks: Sequence[Task]) -> Iterator[str]:
    """The names of the pictures that a journal has, whose file is the same as then and whose
    masked pictures lie in one of some folders."""
    for task in tasks:
        if task.source in journal.places and _is_of(journal.rows(task.source), task, places):
            yield task.source


def done_before(
    out: Path, settings: dict[str, Any], tasks: Sequence[Task]
) -> Iterator[tuple[str, list[Row]]]:
    """What of a result with these settings is as it would be made now: each picture's rows.

    Nothing is, where the manifest is not as it was written: a spreadsheet saves numbers anew.
    """
    if settings_in(out) != settings:
        return
    if read_json(out / SETTINGS).get(MANIFEST) != digest_of(str(out / MANIFEST)):
        log.warning("%s was changed or removed: all pictures are made again", out / MANIFEST)
        return
    of_name = {task.source: task for task in tasks}
    with open(out / MANIFEST, newline="", encoding="utf-8") as stream:
        for _, found in groupby(csv.DictReader(stream), lambda row: row["source"]):
            rows: list[Row] = [as_name(row) for row in found]
            task = of_name.get(rows[0]["source"])
            if task is not None and _is_of(rows, task, [out]):
                yield task.source, rows


def _is_of(rows: Sequence[Row], task: Task, places: Sequence[Path]) -> bool:
    """Whether rows are those of a task, and the pictures that they name are there.

    A file that could not be read then, or not without a library, may be readable now.
    """
    first = rows[0]
    if not first["sha256"] or NEEDS_HEIC in first.get("reason", ""):
        return False
    wanted = {name for output in task.outputs for name in output}
    made = {row[key] for row in rows for key in ("output", "mask") if row.get(key)}
    return (
        (not made or made == wanted)
        and all(any((place / name).is_file() for place in places) for name in made)
        and first["sha256"] == digest_of(task.path)
    )
