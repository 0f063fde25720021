"""Step ``synthesise_by_reference``: the same photographs as references for several test people
(paper 4, Figure 8)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FACE_COLUMNS, FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MASKED_COLUMNS, MaskedSet, MaskedSetWriter
from maskbench.registry import Block
from maskbench.synthesis.base import References, spread
from maskbench.synthesis.model import open_method

PEOPLE, PHOTOGRAPHS = 4, 7


class Photographs(References):
    """Photographs of masks being worn by the face ids that they have, whatever face is masked.

    Args:
        masked: the set that holds them.
        rows: which.

    Attributes:
        names: their face ids.
    """

    def __init__(self, masked: MaskedSet, rows: Sequence[int]) -> None:
        self._row_of = {str(masked.faces["face_id"].iloc[row]): row for row in rows}
        self.names = tuple(self._row_of)
        self._masked = masked

    def known(self, style: str) -> str:
        """The name of the style that a photograph shows; "" where it is unknown."""
        return str(self._masked.faces["style"].iloc[self._row_of[style]])

    def of(self, face: np.ndarray, style: str, pictures: MaskPictures) -> np.ndarray:
        """The photograph (n, n, 3) uint8 of that face id."""
        return np.array(self._masked.images[self._row_of[style]])


def synthesise_by_reference(
    method: Block,
    model: Path,
    faces: Path,
    references: Path,
    mask_pictures: Path,
    seed: int,
    out: Path,
    guides: Sequence[Path] = (),
) -> None:
    """Write the MaskedSet ``out``: the references as they are, with ``bare_id`` = "", then test
    people outer, references inner, with the face id of the reference as ``style``.

    Args:
        method: a reference-guided method's block.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces.
        references: MaskedSet of the real domain, whose training people are the references: each in
            another style where styles are known.
        mask_pictures: folder of the rasterised mask pictures.
        seed: of the training (it is recorded).
        out: the MaskedSet.
        guides: model folders of the spec's guides, in their order.

    Raises:
        MaskbenchError: unreadable inputs, no test people, a model of another method.
    """
    bare, masked = FaceSet.open(faces), MaskedSet.open(references)
    rows, shown = frontal(bare, "test", PEOPLE), photographs(masked, PHOTOGRAPHS)
    worn, pictures = Photographs(masked, shown), MaskPictures.open(mask_pictures)
    painter = open_method(Path(model), method, guides, references)
    spec = {**bare.spec, "method": method.name, "seed": seed}
    with atomic_dir(Path(out)) as tmp, MaskedSetWriter(tmp, bare.size, spec) as writer:
        for row in shown:
            values = {column: masked.faces[column].iloc[row] for column in MASKED_COLUMNS}
            writer.add(masked.images[row], values | {"bare_id": ""}, masked.masks[row])
        made = painter.pictures_of(bare, pictures, list(itertools.product(rows, worn.names)), worn)
        for row, name, picture, coverage in made:
            values = {column: bare.faces[column].iloc[row] for column in FACE_COLUMNS}
            own = {"bare_id": values["face_id"], "method": method.name, "style": name}
            values |= own | {"face_id": f"{values['face_id']}@{name}"}
            writer.add(picture, values, coverage)


def frontal(faces: FaceSet, split: str, count: int) -> list[int]:
    """The most frontal picture of each person of a split, people evenly spread.

    Raises:
        MaskbenchError: the split is empty.
    """
    _check(faces, split)
    table = faces.faces.assign(person=faces.persons).iloc[faces.of_split(split)]
    table = table.reset_index(names="row")
    table["turn"] = (table["yaw"].abs() + table["pitch"].abs()).round(3)
    table = table.sort_values(["person", "turn", "face_id"], kind="stable")
    return spread(table.groupby("person", sort=True)["row"].first().tolist(), count)


def photographs(masked: MaskedSet, count: int) -> list[int]:
    """Rows of training people who wear masks, each another style and, while there are enough,
    another person; evenly spread where styles are unknown."""
    rows = masked.of_split("train")
    table = masked.faces.iloc[rows].assign(row=rows)
    named = table["style"] != ""
    if not named.any():
        return spread(table["row"].tolist(), count)
    chosen: list[int] = []
    people: set[str] = set()
    for style in spread(sorted(table.loc[named, "style"].unique()), count):
        worn = table[table["style"] == style]
        fresh = worn[~worn["identity"].isin(people)]
        first = (fresh if len(fresh) else worn).iloc[0]
        chosen.append(int(first["row"]))
        people.add(str(first["identity"]))
    return chosen


def _check(faces: FaceSet, split: str) -> None:
    if not len(faces.of_split(split)):
        raise MaskbenchError(faces.path, f"no faces of split {split}", "check datasets.*.shares")
