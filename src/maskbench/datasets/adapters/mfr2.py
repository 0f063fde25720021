"""MFR2 (Anwar and Raychowdhury 2020): 53 people, 269 pictures 160x160, most really masked.

    <identity>/<identity>_NNNN.png
    mfr2_labels.txt     lines "identity, number, mask type" ("no-mask", "surgical_blue", ...)
    pairs.txt           848 pairs: "identity i j" (same person) or "identity i identity j"

The manifest carries the label in a further column ``mask`` ("" for bare faces).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, Adapter, Row
from maskbench.datasets.listing import composed, pictures_in, subfolders
from maskbench.errors import MaskbenchError, read_text

BARE = "no-mask"
PAIRS = "pairs.txt"
_LABELS = "mfr2_labels.txt"


def rows(root: Path) -> list[Row]:
    """The labelled pictures.

    Raises:
        MaskbenchError: the label file is missing or damaged, or does not know a picture.
    """
    labels = read_labels(root / _LABELS)
    found = []
    for person in subfolders(root):
        name = composed(person.name)
        for picture in pictures_in(person):
            number = re.fullmatch(re.escape(name) + r"_(\d{4})", composed(picture.stem))
            if number is None:
                continue
            mask = labels.get((name, int(number[1])))
            if mask is None:
                raise MaskbenchError(
                    root / _LABELS,
                    f"has no line for {person.name}/{picture.name}",
                    "use the label file that came with the pictures",
                )
            found.append(Row(f"{person.name}/{picture.name}", name, {"mask": mask}))
    return found


def read_labels(path: Path) -> dict[tuple[str, int], str]:
    """(identity, picture number) -> mask type; "" for bare faces.

    Raises:
        MaskbenchError: the file is missing or a line is not "identity, number, type".
    """
    labels = {}
    for number, line in _lines(path):
        parts = [part.strip() for part in line.split(",")]
        if len(parts) != 3 or not parts[1].isdigit():
            raise MaskbenchError(
                f"{path}, line {number}",
                f"{line!r} is not 'identity, number, mask type'",
                "mend it, or use the label file that came with the pictures",
            )
        labels[parts[0], int(parts[1])] = "" if parts[2] == BARE else parts[2]
    return labels


@dataclass(frozen=True)
class Pair:
    """A verification pair: ``source`` of two pictures without the ending, and if of one person."""

    first: str
    second: str
    same: bool


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of ``pairs.txt`` in its order; stems as ``identity/identity_NNNN``.

    A first line of one or two numbers, as in LFW's lists, counts folds and pairs: it is none.

    Raises:
        MaskbenchError: the file is missing or a line is neither form.
    """
    pairs = []
    for number, line in _lines(path):
        match line.split():
            case [_] | [_, _] as counts if number == 1 and "".join(counts).isdigit():
                continue
            case [one, i, j] if i.isdigit() and j.isdigit():
                pairs.append(Pair(_stem(one, i), _stem(one, j), True))
            case [one, i, other, j] if i.isdigit() and j.isdigit():
                pairs.append(Pair(_stem(one, i), _stem(other, j), False))
            case _:
                raise MaskbenchError(
                    f"{path}, line {number}",
                    f"{line!r} is not 'name i j' or 'name i name j'",
                    "mend it, or use the pair list that came with the pictures",
                )
    return pairs


def of_pairs(root: Path) -> set[str]:
    """The pictures that ``pairs.txt`` names; none where there is no such file."""
    path = Path(root) / PAIRS
    pairs = read_pairs(path) if path.exists() else []
    return {stem for pair in pairs for stem in (pair.first, pair.second)}


def _stem(identity: str, number: str) -> str:
    return f"{identity}/{identity}_{int(number):04d}"


def _lines(path: Path) -> list[tuple[int, str]]:
    lines = composed(read_text(path)).splitlines()
    return [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]


ADAPTERS.register(
    Adapter(
        name="mfr2",
        title="MFR2",
        paper="Anwar and Raychowdhury 2020",
        rows=rows,
        licence="MFR2: test set of the MaskTheFace authors, pictures collected from the web; "
        "for research only, do not redistribute",
        folder="mfr2",
        really_masked=True,
        files=(PAIRS, _LABELS),
        protocol=of_pairs,
    )
)
