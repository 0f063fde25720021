"""What figures of recognition read: evaluation folders, and which recognisers they show.

A figure stays legible with many recognisers by showing the main ones: the frozen networks, mask
removal, and the recognisers trained on bare and on masked faces; then others in the order
of the tables. Of several trainings the one with the lowest seed is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from maskbench.config import REFERENCE
from maskbench.errors import MaskbenchError, from_os_error
from maskbench.measurements import (
    ALL,
    NONE,
    SEEN,
    STANDARD,
    evaluations_in,
    read_metrics,
    to_frame,
)
from maskbench.reporting.figures.style import COLOURS
from maskbench.reporting.names import BARE, in_order, title_of

MAIN = ("dlib_resnet", "facenet", "mrii", "maskfacenet", "arcface", "adapter_arcface")
"""With the training sets of ``DASHES`` the main ones."""
DASHES = {BARE: (0, (4, 2)), NONE: "-", REFERENCE: "-"}
STANDARDS = (STANDARD, "bare_masked")
"""Names of the standard protocol in the tables of an evaluation: the first that is there."""
OTHER_DASHES = ((0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (7, 3)))

Key = tuple[str, str]


@dataclass(frozen=True)
class Tested:
    """One recogniser on one data set.

    Attributes:
        folder: its evaluation.
        dataset: what it was tested on.
        key: recogniser and training set (``none`` where it learns nothing).
        seed: of its training.
        numbers: its rows, as :func:`maskbench.measurements.to_frame` gives them.
    """

    folder: Path
    dataset: str
    key: Key
    seed: int
    numbers: pd.DataFrame

    def table(self, name: str, columns: Sequence[str]) -> pd.DataFrame:
        """One of the evaluation's tables; empty where the recogniser could not be measured.

        Raises:
            MaskbenchError: the file cannot be read or lacks a column.
        """
        path = self.folder / name
        if not path.exists():
            return pd.DataFrame(columns=list(columns))
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno:
                raise from_os_error(error, path) from error
            raise MaskbenchError(
                path, f"not a readable table ({error})", "evaluate again"
            ) from error
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            raise MaskbenchError(path, f"lacks {', '.join(missing)}", "evaluate again")
        return frame

    def number(self, metric: str, protocol: str) -> float | None:
        """A measured number of the recogniser, None where there is none."""
        rows = self.numbers
        here = (rows["metric"] == metric) & (rows["protocol"] == protocol)
        here &= (rows["styles"] == SEEN) & (rows["subset"] == ALL)
        values = rows.loc[here, "value"].dropna()
        return float(values.iloc[0]) if len(values) else None


def standard_protocol(table: pd.DataFrame) -> str:
    """The name of the standard protocol in a table of scores or of a curve."""
    there = set(table["protocol"])
    return next((name for name in STANDARDS if name in there), "")


def of_protocol(table: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """The rows of one protocol."""
    return table[table["protocol"].astype(str) == protocol]


def label(key: Key) -> str:
    """``ArcFace (bare faces)``: in parentheses, its training set."""
    recogniser, training_set = key
    words = title_of(recogniser)
    return words if training_set == NONE else f"{words} ({title_of(training_set)})"


def read_tested(folders: Sequence[Path]) -> list[Tested]:
    """The evaluations, one (the lowest seed) for each data set, recogniser and training set.

    Raises:
        MaskbenchError: a folder is no evaluation of one recogniser.
    """
    found: dict[tuple[str, Key], Tested] = {}
    for folder in evaluations_in(folders):
        rows = to_frame(read_metrics(folder))
        rows = rows[rows["step"] == "recognition"]
        about = rows[["dataset", "method", "training_set", "seed"]].drop_duplicates()
        if len(about) != 1:
            raise MaskbenchError(folder, "not the evaluation of one recogniser", "evaluate again")
        dataset, method, training_set, seed = about.iloc[0]
        one = Tested(folder, str(dataset), (str(method), str(training_set)), int(seed), rows)
        before = found.get((one.dataset, one.key))
        if before is None or one.seed < before.seed:
            found[one.dataset, one.key] = one
    return [found[key] for key in sorted(found)]


def in_table_order(keys: Sequence[Key]) -> list[Key]:
    """Recognisers as tables order them, the training sets of each together."""
    recognisers = in_order({name for name, _ in keys})
    sets = in_order({training_set for _, training_set in keys})
    return [(name, each) for name in recognisers for each in sets if (name, each) in keys]


def main_ones(keys: Sequence[Key], most: int) -> list[Key]:
    """At most ``most`` of the recognisers, in the tables' order: the main ones, then others, those
    trained on bare faces alone last."""
    ordered = in_table_order(keys)
    first = [key for key in ordered if key[0] in MAIN and key[1] in DASHES]
    first += [key for key in ordered if key not in first and key[1] != BARE]
    chosen = (first + [key for key in ordered if key not in first])[:most]
    return [key for key in ordered if key in chosen]


def looks(keys: Sequence[Key]) -> dict[Key, dict[str, Any]]:
    """Colour (one a recogniser) and dashes (bare faces are dashed) of each line."""
    recognisers = list(dict.fromkeys(name for name, _ in keys))
    others = [s for s in dict.fromkeys(each for _, each in keys) if s not in DASHES]
    dashes = dict(DASHES) | {s: OTHER_DASHES[i % len(OTHER_DASHES)] for i, s in enumerate(others)}
    return {
        (name, each): {
            "color": COLOURS[recognisers.index(name) % len(COLOURS)],
            "linestyle": dashes[each],
        }
        for name, each in keys
    }


def shown_note(shown: int, there: int) -> str:
    """Says that a figure leaves some out; "" where it shows all."""
    return "" if shown == there else f"{shown} of {there} recognisers are shown"
