"""Numbers that others measured, one file a group: ``submissions/NAME.csv``.

The file has the columns of ``measurements.csv``. Lines before them begin with ``#`` and say whose
numbers they are::

    # source: Doe et al. 2026, https://example.org
    # contact: doe@example.org
    # method doe_net: Doe's network
    step,dataset,fold,...

``method`` gives a title to a method, recogniser or training set that this project does not have.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.artifacts import atomic_file
from maskbench.errors import MaskbenchError, read_text, unknown_name
from maskbench.measurements import COLUMNS, KEY, SEEN, UNSEEN, read_measurements
from maskbench.metrics.catalogue import METRICS, bounds
from maskbench.reporting.names import BARE, CONDITIONS, UNRESTORED

if TYPE_CHECKING:
    import pandas as pd

    from maskbench.experiment import Experiment

STEPS = ("synthesis", "costs", "guides", "restoration", "recognition")
SPLITS = ("test", "val", "any")
COUNTS = ("fold", "seed", "n_people", "n")
TOLERANCE = 1e-5
"""The share of a number by which its interval may miss it: what single precision does where people
do not differ."""
NAME = r"[a-z0-9][a-z0-9_-]*"


@dataclass(frozen=True)
class Known:
    """What a submission is checked against.

    Attributes:
        datasets: of the configuration.
        methods: all names of methods, guides, restorers and recognisers.
        crop: of the configuration's faces.
    """

    datasets: Collection[str]
    methods: Collection[str]
    crop: str


@dataclass(frozen=True)
class Submission:
    """A file of somebody's numbers.

    Attributes:
        name: of the file, without its ending.
        path: where it was read.
        source, contact: whose numbers they are.
        titles: of methods that are its own, by name.
        measurements: as :func:`maskbench.measurements.read_measurements` gives them.
    """

    name: str
    path: Path
    source: str
    contact: str
    titles: Mapping[str, str]
    measurements: pd.DataFrame


@dataclass
class _Header:
    source: str = ""
    contact: str = ""
    titles: dict[str, str] = field(default_factory=dict)
    lines: int = 0


def known_of(experiment: Experiment) -> Known:
    """What a configuration knows by name, whether it runs or not."""
    from maskbench.faces.crop import crop_name
    from maskbench.guides.specs import GUIDES
    from maskbench.recognition.specs import LOSSES, NETWORKS
    from maskbench.restoration.specs import RESTORERS
    from maskbench.synthesis.specs import METHODS

    config = experiment.config
    names = {UNRESTORED, *config.synthesis.methods, *config.guides}
    names |= {*config.restoration.restorers, *config.recognition.recognisers}
    names = names.union(*(one.all() for one in (METHODS, GUIDES, RESTORERS, LOSSES, NETWORKS)))
    return Known(config.datasets.keys(), names, crop_name(config.faces.margin, config.faces.size))


def read(path: Path) -> Submission:
    """A submission that was checked when it was added.

    Raises:
        MaskbenchError: it is no such file; of several faults the first is named.
    """
    found, problems = check(path, None)
    if problems or found is None:
        raise problems[0]
    return found


def check(
    path: Path,
    known: Known | None,
    *,
    name: str = "",
    source: str = "",
    contact: str = "",
    titles: Sequence[str] = (),
) -> tuple[Submission | None, list[MaskbenchError]]:
    """Read a file and judge each of its rows.

    Args:
        path: the file, with lines that say whose it is or without.
        known: names to check; None: only numbers are checked.
        name: of the submission; "": the file's.
        source, contact: "": as the file says.
        titles: ``name=title`` of methods of its own, beside those that the file names.

    Returns:
        the submission (None where the file has no rows to judge), and an error for each fault.

    Raises:
        MaskbenchError: the file cannot be read, or a title is not of that form.
    """
    path, text = Path(path), read_text(path)
    header = _header(text, path)
    for title in titles:
        key, equals, words = title.partition("=")
        if not (equals and words.strip() and re.fullmatch(r"\w+", key.strip())):
            raise MaskbenchError(f"--method {title}", "is not NAME=TITLE", 'e.g. doe_net="Doe"')
        header.titles[key.strip()] = words.strip()
    name = name or path.stem
    source, contact = (
        " ".join((given or there).split())
        for given, there in ((source, header.source), (contact, header.contact))
    )
    problems = [
        MaskbenchError(path, f"has no {key}", f"add --{key}, or the line «# {key}: ...» above it")
        for key, value in (("source", source), ("contact", contact))
        if not value
    ]
    if not re.fullmatch(NAME, name):
        what = f"{name!r} cannot name a submission"
        problems.append(MaskbenchError(path, what, "use --name with a-z, 0-9, _ and - alone"))
    if known:
        problems += [
            MaskbenchError(path, f"{own} has a meaning here already", "choose another name for it")
            for own in header.titles
            if own in known.methods
        ]
    columns = list(_columns(text, path, header))
    if columns:
        return None, problems + columns
    if len(list(_table(text, header))) == 1:
        problems.append(MaskbenchError(path, "holds no numbers", "add a row for each number"))
    problems += _together(_rows(text, path, header, known))
    frame = None if problems else read_measurements(path, header.lines).assign(mlflow_run_id="")
    if frame is None:
        return None, problems
    return Submission(name, path, source, contact, header.titles, frame), problems


def keep(found: Submission, folder: Path) -> Path:
    """Write a checked submission into the folder of submissions; an earlier one of the same source
    is replaced, and one that lies there already is left as it is.

    Raises:
        MaskbenchError: another source has this name.
    """
    path = Path(folder) / f"{found.name}.csv"
    if path.exists():
        if path.samefile(found.path):
            return path
        other = _header(read_text(path), path).source
        if other != found.source:
            way_out = "choose another --name, or write --source as it stands there"
            raise MaskbenchError(path, f"is a submission of {other or 'somebody else'}", way_out)
    lines = [f"# source: {found.source}", f"# contact: {found.contact}"]
    lines += [f"# method {name}: {title}" for name, title in found.titles.items()]
    table = found.measurements[list(COLUMNS)].to_csv(
        index=False, float_format="%.8g", lineterminator="\n"
    )
    with atomic_file(path) as tmp:
        tmp.write_text("\n".join([*lines, table]), encoding="utf-8", newline="\n")
    return path


def _header(text: str, path: Path) -> _Header:
    """What the lines with ``#`` before the columns say."""
    found = _Header()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#"):
            break
        found.lines = number
        key, colon, value = line[1:].partition(":")
        key, value = key.strip(), value.strip()
        if key in ("source", "contact"):
            setattr(found, key, value)
        elif (own := re.fullmatch(r"method (\w+)", key)) and value:
            found.titles[own[1]] = value
        elif colon:
            what = f"{key}: unknown"
            way_out = "use source, contact or «method NAME», or leave the line out"
            raise MaskbenchError(f"{path}, line {number}", what, way_out)
    return found


def _table(text: str, header: _Header) -> Iterator[tuple[int, list[str]]]:
    """The table's lines as cells, each with its number in the file."""
    rows = csv.reader(io.StringIO("\n".join(text.splitlines()[header.lines :])))
    for cells in rows:
        if cells:
            yield header.lines + rows.line_num, cells


def _columns(text: str, path: Path, header: _Header) -> Iterator[MaskbenchError]:
    """What is wrong with the heading."""
    line, names = next(_table(text, header), (header.lines + 1, []))
    place = f"{path}, line {line}"
    for name in names:
        if name not in COLUMNS:
            yield unknown_name(place, "column", name, COLUMNS)
    for name in COLUMNS:
        if names.count(name) != 1:
            what = f"has the column {name} {'twice' if name in names else 'not'}"
            yield MaskbenchError(place, what, f"the columns are {','.join(COLUMNS)}")


def _rows(text: str, path: Path, header: _Header, known: Known | None) -> list[MaskbenchError]:
    """What is wrong with the rows."""
    (_, names), *rows = _table(text, header)
    found: list[MaskbenchError] = []
    first: dict[tuple[str, ...], int] = {}
    for line, cells in rows:
        place = f"{path}, line {line}"
        if len(cells) != len(names):
            what = f"{len(cells)} cells for {len(names)} columns"
            found.append(MaskbenchError(place, what, "quote cells that hold a comma"))
            continue
        row = dict(zip(names, cells, strict=True))
        found += _numbers(row, place)
        if known:
            found += _names(row, place, known, header.titles)
        same = first.setdefault(tuple(row[name] for name in KEY), line)
        if same != line:
            what = f"is the same number as line {same}"
            found.append(MaskbenchError(place, what, "keep one; seeds and folds tell rows apart"))
    return found


def _together(problems: Sequence[MaskbenchError]) -> list[MaskbenchError]:
    """One error for all rows with the same fault, which names them: ``lines 2 to 40, 44``."""
    lines: dict[tuple[str, str, str, str], list[int]] = {}
    for one in problems:
        before, number, after = re.split(r", line (\d+)", one.place, maxsplit=1)
        lines.setdefault((before, after, one.what, one.way_out), []).append(int(number))
    found = []
    for (before, after, what, way_out), numbers in lines.items():
        runs: list[list[int]] = []
        for number in numbers:
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        spans = [f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
        place = f"{before}, line{'s' if len(numbers) > 1 else ''} {', '.join(spans)}{after}"
        found.append(MaskbenchError(place, what, way_out))
    return found


def _number(row: Mapping[str, str], name: str) -> float | None:
    """A number, None where there is none; NaN where the cell is no finite number."""
    try:
        value = float(row[name]) if row[name] else None
    except ValueError:
        return math.nan
    return value if value is None or math.isfinite(value) else math.nan


def _numbers(row: Mapping[str, str], place: str) -> Iterator[MaskbenchError]:
    """What is wrong with a row's numbers."""

    def wrong(column: str, what: str, way_out: str) -> MaskbenchError:
        return MaskbenchError(f"{place}, column {column}", what, way_out)

    for name in COUNTS:
        if not re.fullmatch(r"\d+", row[name]):
            yield wrong(name, f"{row[name]!r} is no count", "write 0, 1, 2, ...")
    number = {name: _number(row, name) for name in ("value", "ci_low", "ci_high")}
    for name, value in number.items():
        if value is not None and math.isnan(value):
            way_out = "write a number as 0.75, or leave it empty with a note"
            yield wrong(name, f"{row[name]!r} is no finite number", way_out)
    value, low, high = (None if x is None or math.isnan(x) else x for x in number.values())
    if not row["value"] and not row["note"]:
        yield wrong("value", "is empty", "write the number, or a note that says why there is none")
    least, most = bounds(row["metric"])
    for name, x in (("value", value), ("ci_low", low), ("ci_high", high)):
        if x is not None and not least <= x <= most:
            what = f"{row['metric']} lies between {least:g} and {most:g}, not at {x:g}"
            yield wrong(name, what, "give shares from 0 to 1, not per cent")
    if bool(row["ci_low"]) != bool(row["ci_high"]):
        lacking = "ci_high" if row["ci_low"] else "ci_low"
        yield wrong(lacking, "an interval has two ends", "give both or neither")
    if value is not None and low is not None and high is not None:
        slack = TOLERANCE * abs(value)
        if not low - slack <= value <= high + slack:
            what = f"the interval {low:g} to {high:g} does not hold the value {value:g}"
            yield wrong("ci_low", what, "give the 95% interval of this value over people")


def _names(
    row: Mapping[str, str], place: str, known: Known, own: Collection[str]
) -> Iterator[MaskbenchError]:
    """What is wrong with a row's names."""
    methods = {*known.methods, *own}
    recognition = row["step"] == "recognition"
    choices: dict[str, Collection[str]] = {
        "step": STEPS,
        "dataset": known.datasets,
        "split": SPLITS,
        "method": methods,
        "training_set": {BARE, "none", *methods} if recognition else {""},
        "restorer": {"", *methods},
        "protocol": CONDITIONS["protocol"],
        "subset": CONDITIONS["subset"],
        "checkpoint": CONDITIONS["checkpoint"],
        "styles": (SEEN, UNSEEN),
        "metric": METRICS,
    }
    for column, names in choices.items():
        if row[column] in names:
            continue
        where = f"{place}, column {column}"
        if set(names) == {""}:
            what = f"{row[column]}: only recognisers have a training set"
            yield MaskbenchError(where, what, "leave it empty")
        elif not row[column]:
            yield MaskbenchError(where, "is empty", f"known: {', '.join(sorted(names)[:12])}")
        else:
            own_name = column in ("method", "training_set")
            hint = "; or name your own with --method NAME=TITLE" if own_name else ""
            yield unknown_name(where, column.replace("_", " "), row[column], names, hint)
    if row["crop"] != known.crop:
        what = f"{row['crop'] or 'empty'}: the faces of this configuration are {known.crop}"
        way_out = f"measure on {known.crop}, or name your configuration with --params"
        yield MaskbenchError(f"{place}, column crop", what, way_out)
    if not row["backbone"]:
        way_out = "name the network and its weights, or write none"
        yield MaskbenchError(f"{place}, column backbone", "is empty", way_out)
