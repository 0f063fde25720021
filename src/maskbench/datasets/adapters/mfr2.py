"""MFR2 (Anwar and Raychowdhury 2020): 53 people, 269 pictures 160x160, most really masked.

    <identity>/<identity>_NNNN.png
    mfr2_labels.txt     lines "identity, number, mask type" ("no-mask", "surgical_blue", ...)
    pairs.txt           848 pairs: "identity i j" (same person) or "identity i identity j"

The manifest carries the label in a further column ``mask`` ("" for bare faces).
"""

from __future__ import annotations

import re
from pathlib import Path

from maskbench.datasets.adapters import ADAPTERS, PAIRS, Adapter, Pair, Row
from maskbench.datasets.listing import composed, pictures_in, subfolders
from maskbench.datasets.lists import lines, unlisted
from maskbench.errors import MaskbenchError

BARE = "no-mask"
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
                raise unlisted(f"{person.name}/{picture.name}", root / _LABELS)
            found.append(Row(f"{person.name}/{picture.name}", name, {"mask": mask}))
    return found


def read_labels(path: Path) -> dict[tuple[str, int], str]:
    """(identity, picture number) -> mask type; "" for bare faces.

    Raises:
        MaskbenchError: the file is missing or a line is not "identity, number, type".
    """
    labels = {}
    for number, line in lines(path):
        parts = [part.strip() for part in line.split(",")]
        if len(parts) != 3 or not parts[1].isdecimal():
            raise MaskbenchError(
                f"{path}, line {number}",
                f"{line!r} is not 'identity, number, mask type'",
                "mend it, or use the label file that came with the pictures",
            )
        labels[parts[0], int(parts[1])] = "" if parts[2] == BARE else parts[2]
    return labels


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of ``pairs.txt`` in its order; stems as ``identity/identity_NNNN``.

    A first line of one or two numbers, as in LFW's lists, counts folds and pairs: it is none.

    Raises:
        MaskbenchError: the file is missing or a line is neither form.
    """
    pairs = []
    for number, line in lines(path):
        match line.split():
            case [_] | [_, _] as counts if number == 1 and "".join(counts).isdecimal():
                continue
            case [one, i, j] if i.isdecimal() and j.isdecimal():
                pairs.append(Pair(_stem(one, i), _stem(one, j), True))
            case [one, i, other, j] if i.isdecimal() and j.isdecimal():
                pairs.append(Pair(_stem(one, i), _stem(other, j), False))
            case _:
                raise MaskbenchError(
                    f"{path}, line {number}",
                    f"{line!r} is not 'name i j' or 'name i name j'",
                    "mend it, or use the pair list that came with the pictures",
                )
    return pairs


def _stem(identity: str, number: str) -> str:
    return f"{identity}/{identity}_{int(number):04d}"


ADAPTERS.register(
    Adapter(
        name="mfr2",
        title="MFR2",
        paper="Anwar and Raychowdhury 2020",
        rows=rows,
        licence="MFR2: test set of the MaskTheFace authors, pictures collected from the web; "
        "for research only, do not redistribute",
        layout="<identity>/<identity>_NNNN.png, mfr2_labels.txt, pairs.txt",
        access="public",
        page="https://github.com/aqeelanwar/MaskTheFace",
        people=53,
        pictures=269,
        place="the folders of people, mfr2_labels.txt and pairs.txt beside each other",
        citation="Anwar, Raychowdhury: Masked face recognition for secure authentication. "
        "arXiv:2008.11104, 2020",
        folder="mfr2",
        really_masked=True,
        files=(PAIRS, _LABELS),
        pairs=lambda root: read_pairs(root / PAIRS),
    )
)
