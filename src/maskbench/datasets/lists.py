"""Text files that data sets publish beside their pictures: people, parts and pairs.

Names are in composed letters throughout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from maskbench.datasets.adapters import Pair
from maskbench.datasets.listing import composed, stem
from maskbench.errors import MaskbenchError, read_text


def lines(path: Path) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers.

    Raises:
        MaskbenchError: the file is missing or no UTF-8.
    """
    text = composed(read_text(path)).splitlines()
    return [(number, line.strip()) for number, line in enumerate(text, 1) if line.strip()]


def fields(path: Path, form: str, *patterns: str) -> Iterator[tuple[str, ...]]:
    """What the lines of a table hold, between tabs, or between blanks where there is no tab.

    Args:
        path: of the file.
        form: a line in words, for errors.
        patterns: a regular expression for each field.

    Raises:
        MaskbenchError: the file is missing, or a line is of another form.
    """
    for number, line in lines(path):
        found = tuple(line.split("\t" if "\t" in line else None))
        if len(found) != len(patterns) or not all(map(re.fullmatch, patterns, found)):
            raise MaskbenchError(
                f"{path}, line {number}",
                f"{line!r} is not '{form}'",
                "take the file that came with the pictures",
            )
        yield found


def by_picture(path: Path, form: str, pattern: str) -> dict[str, str]:
    """What a list with lines "picture, value" says of each picture; see :func:`fields`."""
    return {found[0]: found[1] for found in fields(path, form, r"\S+", pattern)}


def labelled_pairs(path: Path, folder: str = "") -> list[Pair]:
    """The pairs of a list with lines "picture, picture, 1 or 0"; 1: of one person.

    Args:
        path: of the list.
        folder: what its paths start from, below the data set's root.

    Raises:
        MaskbenchError: the file is missing, or a line is of another form.
    """
    form = "picture, picture, 1 (one person) or 0"
    return [
        Pair(stem(folder + first), stem(folder + second), same == "1")
        for first, second, same in fields(path, form, ".+", ".+", "[01]")
    ]


def unlisted(source: str, path: Path) -> MaskbenchError:
    """The error for a picture that a list should name and does not."""
    return MaskbenchError(
        path, f"has no line for {source}", "take the file that came with the pictures"
    )
