"""Tables made from a few rows, read back as text and as numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from maskbench.reporting.collect_measurements import collect_measurements
from maskbench.reporting.make_tables import make_tables


class Made:
    """The folder of all tables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, name: str, ending: str = "md") -> str:
        return (self.folder / f"{name}.{ending}").read_text("utf-8")

    def grids(self, name: str) -> list[list[dict[str, str]]]:
        """The tables of a Markdown page, a list of dicts from heading (without its footnotes) to
        cell each; intervals on a line of their own stand behind their numbers."""
        grids = []
        for part in self.text(name).split("\n\n"):
            if not part.startswith("|"):
                continue
            head, _, *lines = [
                [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()
            ]
            rows: list[list[str]] = []
            for line in lines:
                if all(cell == "" or cell.startswith("[") for cell in line):
                    rows[-1] = [
                        " ".join(filter(None, pair)) for pair in zip(rows[-1], line, strict=True)
                    ]
                else:
                    rows.append(line)
            head = [text.rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹ ") for text in head]
            head = [f"{head[i - 1]} {t}" if t == "here" else t for i, t in enumerate(head)]
            grids.append([dict(zip(head, row, strict=True)) for row in rows])
        return grids

    def numbers(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / f"{name}.csv", keep_default_na=False)

    def number(self, name: str, **columns: str) -> pd.Series:
        """The one row of the CSV file with these values."""
        found = self.numbers(name)
        for column, value in columns.items():
            found = found[found[column] == value]
        assert len(found) == 1, found
        return found.iloc[0]


@pytest.fixture
def tables(evaluation, make_measurement, tmp_path) -> Callable[..., Made]:
    """Make all tables from rows (method, seed, metric, value, other columns)."""

    def make(*rows: tuple[str, int, str, float | None, dict[str, object]]) -> Made:
        folders = [
            evaluation([make_measurement(method, seed, metric, value, **more)], root=f"r{number}")
            for number, (method, seed, metric, value, more) in enumerate(rows)
        ]
        collect_measurements(folders, tmp_path / "m.csv")
        make_tables(tmp_path / "m.csv", tmp_path / "tables")
        return Made(tmp_path / "tables")

    return make
